-- Embeddings of each model: how many, and whether all have the same length (4 bytes a dimension).
SELECT
    m.ModelName,
    COUNT_BIG(*) AS Embeddings,
    MIN(DATALENGTH(e.EmbeddingVector)) / 4 AS DimensionsMin,
    MAX(DATALENGTH(e.EmbeddingVector)) / 4 AS DimensionsMax
FROM dbo.AtomEmbeddings AS e
INNER JOIN dbo.Models AS m ON m.ModelId = e.ModelId
GROUP BY m.ModelId, m.ModelName
ORDER BY m.ModelName;
