-- The largest atoms that nothing but one model refers to: their bytes are what deleting it would free. Set @ModelId.
-- AllBytes is the sum over all of them, also those that are not shown.
DECLARE @ModelId INT = 1;

SELECT TOP (20)
    a.AtomHash,
    a.ContentType,
    a.ByteLength,
    mine.Places,
    SUM(a.ByteLength) OVER () AS AllBytes
FROM (
    SELECT u.AtomId, COUNT_BIG(*) AS Places
    FROM (
        SELECT c.AtomId FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId
        WHERE f.ModelId = @ModelId
        UNION ALL
        SELECT n.AtomId FROM dbo.ModelNodes AS n WHERE n.ModelId = @ModelId
    ) AS u
    GROUP BY u.AtomId
) AS mine
INNER JOIN dbo.Atoms AS a ON a.AtomId = mine.AtomId AND a.ReferenceCount = mine.Places
ORDER BY a.ByteLength DESC, a.AtomHash;
