-- The columns of a captured table can change when it is read anew. RemovedAt: since then the column is not captured any more;
-- its references go with the sweep behind the table's next snapshot. Numbers are never used again for another column.
ALTER TABLE dbo.CapturedColumns ADD RemovedAt DATETIME2(7) NULL;
