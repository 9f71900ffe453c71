-- Who writes the references of rows. A writer of a capture group's key group puts its token here when it gets the lock
-- of that key group; when it lost its connection in between and finds another token, another writer has taken over.
CREATE TABLE dbo.WriterFences (
    GroupHash BINARY(32)    NOT NULL,
    KeyGroup  INT           NOT NULL,
    GroupName NVARCHAR(200) NOT NULL,
    Token     BINARY(16)    NOT NULL,
    TakenAt   DATETIME2(7)  NOT NULL CONSTRAINT DF_WriterFences_TakenAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_WriterFences PRIMARY KEY CLUSTERED (GroupHash, KeyGroup)
);
