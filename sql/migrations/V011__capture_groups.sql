-- Capture groups and generations. A group is one CDC source; a job has those whose BaseName is its capture.group, and its
-- captured tables belong to one each. A table that is added, or read anew, goes into a new group, since a source that has
-- state cannot take a table up. Names are never used again: savepoints know the state of a group by its name.
CREATE TABLE dbo.CaptureGroups (
    GroupName NVARCHAR(200) NOT NULL,
    BaseName  NVARCHAR(200) NOT NULL,
    Number    INT           NOT NULL,
    CreatedAt DATETIME2(7)  NOT NULL CONSTRAINT DF_CaptureGroups_CreatedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_CaptureGroups PRIMARY KEY CLUSTERED (GroupName)
);
INSERT INTO dbo.CaptureGroups (GroupName, BaseName, Number)
SELECT DISTINCT GroupName, GroupName, 1 FROM dbo.CapturedTables;

-- ResnapshotRequestedAt: the next start reads the table anew, under a higher Generation. RemovedAt: since then it is not
-- captured any more; its references stay as they were. SweptGeneration: the generation whose snapshot and sweep have
-- ended, for people to see.
ALTER TABLE dbo.CapturedTables ADD
    ResnapshotRequestedAt DATETIME2(7)  NULL,
    ResnapshotReason      NVARCHAR(400) NULL,
    RemovedAt             DATETIME2(7)  NULL,
    SweptGeneration       INT           NOT NULL CONSTRAINT DF_CapturedTables_SweptGeneration DEFAULT 0;
GO
UPDATE dbo.CapturedTables SET SweptGeneration = Generation;
