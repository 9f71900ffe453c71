-- Which models share atoms with a model, and how many bytes of that model they hold too. Set @ModelId.
-- A model's bytes are counted once for each atom, however often it refers to it.
DECLARE @ModelId INT = 1;

SELECT
    m.ModelId,
    m.TenantId,
    m.ModelName,
    COUNT_BIG(*) AS SharedAtoms,
    SUM(a.ByteLength) AS SharedBytes
FROM (
    SELECT c.AtomId FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId
    WHERE f.ModelId = @ModelId
    UNION
    SELECT n.AtomId FROM dbo.ModelNodes AS n WHERE n.ModelId = @ModelId
) AS mine
INNER JOIN (
    SELECT f.ModelId, c.AtomId FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId
    UNION
    SELECT n.ModelId, n.AtomId FROM dbo.ModelNodes AS n
) AS theirs ON theirs.AtomId = mine.AtomId AND theirs.ModelId <> @ModelId
INNER JOIN dbo.Atoms AS a ON a.AtomId = mine.AtomId
INNER JOIN dbo.Models AS m ON m.ModelId = theirs.ModelId
GROUP BY m.ModelId, m.TenantId, m.ModelName
ORDER BY SharedBytes DESC, m.ModelId;
