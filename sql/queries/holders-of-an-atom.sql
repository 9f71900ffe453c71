-- Which rows and models hold an atom: the one of a text (set @Text), or any (set @AtomHash). A text atom is the UTF-16
-- text as it is, so another case or a blank more is another atom; where a column is cut, the text is that of one segment.
DECLARE @Text NVARCHAR(MAX) = N'text to look for';
DECLARE @AtomHash BINARY(32) = HASHBYTES('SHA2_256', @Text);

SELECT 'row' AS Holder, CONCAT(t.SchemaName, N'.', t.TableName) AS Name, r.RowKey AS Place, c.ColumnName AS Part,
    CAST(r.Segment AS BIGINT) AS Position
FROM dbo.Atoms AS a
INNER JOIN dbo.RowAtoms AS r ON r.AtomId = a.AtomId
INNER JOIN dbo.CapturedTables AS t ON t.CapturedTableId = r.CapturedTableId
INNER JOIN dbo.CapturedColumns AS c ON c.CapturedTableId = r.CapturedTableId AND c.ColumnId = r.ColumnId
WHERE a.AtomHash = @AtomHash
UNION ALL
SELECT 'model', m.ModelName, f.RelativePath, 'chunk', c.ChunkIndex
FROM dbo.Atoms AS a
INNER JOIN dbo.FileChunks AS c ON c.AtomId = a.AtomId
INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId
INNER JOIN dbo.Models AS m ON m.ModelId = f.ModelId
WHERE a.AtomHash = @AtomHash
UNION ALL
SELECT 'model', m.ModelName, n.NodePath, 'node', CAST(n.NodeIndex AS BIGINT)
FROM dbo.Atoms AS a
INNER JOIN dbo.ModelNodes AS n ON n.AtomId = a.AtomId
INNER JOIN dbo.Models AS m ON m.ModelId = n.ModelId
WHERE a.AtomHash = @AtomHash
ORDER BY Holder, Name, Place, Position;
