-- Where the changes begin that follow a group's snapshot: all of them, however often the snapshot is begun again. Null until
-- its first chunk is read.
ALTER TABLE dbo.CaptureGroups ADD SnapshotLsn BINARY(10) NULL;
