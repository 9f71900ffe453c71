-- Dead letters that can be counted against their source, and replayed.

-- The reference of a row that the letter is about: ColumnId with Segment and AtomHash, or without them for a value as a
-- whole. ReplaySubmissionId is the submission that the replay of a model's letter made. ResolvedAt is set when a row's
-- letter is settled: the reference is stored, or the row holds it no more. A model's letter is settled by the model that
-- its replay submitted.
ALTER TABLE dbo.AtomizationErrors ADD
    CapturedTableId    INT           NULL,
    RowKeyHash         BINARY(32)    NULL,
    ColumnId           INT           NULL,
    Segment            INT           NULL,
    AtomHash           BINARY(32)    NULL,
    ReplaySubmissionId BIGINT        NULL,
    ResolvedAt         DATETIME2(7)  NULL,
    Resolution         NVARCHAR(400) NULL;
GO
-- Letters of rows that were written before: their table and row are known, their column is only in the text.
UPDATE e
SET CapturedTableId = t.CapturedTableId, RowKeyHash = HASHBYTES('SHA2_256', e.PayloadReference)
FROM dbo.AtomizationErrors AS e
INNER JOIN dbo.CapturedTables AS t ON CONCAT(t.SchemaName, N'.', t.TableName) = e.SourceName
WHERE e.ModelId IS NULL AND e.PayloadReference IS NOT NULL;
GO
CREATE INDEX IX_AtomizationErrors_Row ON dbo.AtomizationErrors (CapturedTableId, RowKeyHash);

-- What each writer has stored of a captured table, moved in the transaction that stores it, as ModelProgress is.
-- StoredReferences follows dbo.RowAtoms. NewAtoms and KnownAtoms count references ever stored, by whether their atom was
-- new to the database.
CREATE TABLE dbo.TableProgress (
    CapturedTableId  INT          NOT NULL,
    Writer           INT          NOT NULL,
    StoredReferences BIGINT       NOT NULL,
    NewAtoms         BIGINT       NOT NULL,
    KnownAtoms       BIGINT       NOT NULL,
    LastAt           DATETIME2(7) NOT NULL,
    CONSTRAINT PK_TableProgress PRIMARY KEY CLUSTERED (CapturedTableId, Writer),
    CONSTRAINT FK_TableProgress_Tables FOREIGN KEY (CapturedTableId) REFERENCES dbo.CapturedTables (CapturedTableId)
);
INSERT INTO dbo.TableProgress (CapturedTableId, Writer, StoredReferences, NewAtoms, KnownAtoms, LastAt)
SELECT r.CapturedTableId, 0, COUNT_BIG(*), 0, COUNT_BIG(*), SYSUTCDATETIME()
FROM dbo.RowAtoms AS r
GROUP BY r.CapturedTableId;

-- Rows whose dead letters are to be tried again: asked for by people, done by the ingest job, which reads the row's
-- present content and ends the request once a checkpoint holds what came of it.
CREATE TABLE dbo.ReplayRequests (
    RequestId       BIGINT IDENTITY(1,1) NOT NULL,
    ErrorId         BIGINT        NOT NULL,
    CapturedTableId INT           NOT NULL,
    RowKeyHash      BINARY(32)    NOT NULL,
    RowKey          NVARCHAR(MAX) NOT NULL,
    State           VARCHAR(20)   NOT NULL CONSTRAINT DF_ReplayRequests_State DEFAULT 'NEW',
    RequestedAt     DATETIME2(7)  NOT NULL CONSTRAINT DF_ReplayRequests_RequestedAt DEFAULT SYSUTCDATETIME(),
    EndedAt         DATETIME2(7)  NULL,
    CONSTRAINT PK_ReplayRequests PRIMARY KEY CLUSTERED (RequestId),
    CONSTRAINT FK_ReplayRequests_Errors FOREIGN KEY (ErrorId) REFERENCES dbo.AtomizationErrors (ErrorId),
    CONSTRAINT CK_ReplayRequests_State CHECK (State IN ('NEW', 'DONE'))
);
CREATE INDEX IX_ReplayRequests_State ON dbo.ReplayRequests (State, RequestId) INCLUDE (CapturedTableId);
GO
-- The dead letters, and what became of them. State: 'stands'; 'replaying', when a replay is under way; 'replayed', when a
-- model was replayed and failed again, by a dead letter of its own; 'resolved'.
CREATE VIEW dbo.vw_DeadLetters
AS
SELECT
    e.ErrorId,
    e.SourceName,
    e.Position,
    e.Reason,
    e.ErrorMessage,
    e.PayloadReference,
    e.ModelId,
    e.CapturedTableId,
    e.RowKeyHash,
    e.OccurredAt,
    e.ReplayedAt,
    e.ReplaySubmissionId,
    CASE WHEN e.ResolvedAt IS NOT NULL THEN 'resolved'
         WHEN r.ErrorId IS NOT NULL THEN 'replaying'
         WHEN e.ReplaySubmissionId IS NULL THEN 'stands'
         WHEN m.ModelId IS NULL OR m.State = 'INGESTING' THEN 'replaying'
         WHEN m.State = 'FAILED' THEN 'replayed'
         ELSE 'resolved' END AS State,
    CASE WHEN r.ErrorId IS NOT NULL THEN N'the ingest job has to read the row again'
         WHEN e.ReplaySubmissionId IS NULL THEN e.Resolution
         WHEN m.ModelId IS NULL THEN CONCAT(N'submission ', e.ReplaySubmissionId, N' waits for the ingest job')
         WHEN m.State = 'INGESTING' THEN CONCAT(N'model ', m.ModelId, N' is being ingested')
         WHEN m.State = 'FAILED' THEN CONCAT(N'model ', m.ModelId, N' failed again')
         WHEN m.DuplicateOf IS NOT NULL THEN CONCAT(N'model ', m.ModelId, N' is a duplicate of model ', m.DuplicateOf)
         ELSE CONCAT(N'model ', m.ModelId, N' is ', m.State) END AS Outcome
FROM dbo.AtomizationErrors AS e
LEFT JOIN dbo.ModelSubmissions AS s ON s.SubmissionId = e.ReplaySubmissionId
LEFT JOIN dbo.Models AS m ON m.ModelId = s.ModelId
LEFT JOIN (SELECT DISTINCT ErrorId FROM dbo.ReplayRequests WHERE State = 'NEW') AS r ON r.ErrorId = e.ErrorId;
