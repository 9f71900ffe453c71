-- The guide's TensorAtoms: the atoms that a tensor's bytes are stored in. Chunks are cut at each tensor's start, so an
-- atom belongs to a tensor exactly when its chunk begins inside the tensor's range.
CREATE VIEW dbo.TensorAtoms
AS
SELECT c.AtomId, t.TensorName, t.Dimensions, t.DType, t.ModelId, t.CreatedAt
FROM dbo.Tensors AS t
INNER JOIN dbo.FileChunks AS c
    ON c.ModelFileId = t.ModelFileId
    AND c.ByteOffset >= t.ByteOffset
    AND c.ByteOffset < t.ByteOffset + t.ByteLength;
GO

-- One row a model, from progress figures: nothing is counted over chunks or atoms.
CREATE VIEW dbo.vw_IngestionStatus
AS
SELECT
    m.ModelId,
    m.TenantId,
    m.ModelName,
    m.ModelType,
    m.Provider,
    COALESCE(m.DistinctAtoms, p.NewAtoms, 0) AS TotalAtoms,
    COALESCE(e.TotalEmbeddings, 0) AS TotalEmbeddings,
    COALESCE(p.StoredChunks, 0) + COALESCE(p.StoredNodes, 0) AS TotalReferences,
    p.FirstAt AS FirstAtomIngested,
    p.LastAt AS LastAtomIngested,
    DATEDIFF(MINUTE, p.FirstAt, p.LastAt) AS IngestionDurationMinutes,
    m.State,
    m.Failure,
    m.DuplicateOf,
    m.ExpectedChunks,
    m.ExpectedTensors,
    m.ExpectedNodes,
    m.ExpectedBytes,
    COALESCE(p.StoredChunks, 0) AS StoredChunks,
    COALESCE(p.StoredNodes, 0) AS StoredNodes,
    COALESCE(p.StoredBytes, 0) AS StoredBytes,
    COALESCE(p.NewAtoms, 0) AS NewAtoms,
    COALESCE(p.NewBytes, 0) AS NewBytes,
    CASE WHEN m.State = 'COMPLETE' THEN 100.0
         WHEN COALESCE(m.ExpectedBytes, 0) = 0 THEN 0.0
         ELSE 100.0 * COALESCE(p.StoredBytes, 0) / m.ExpectedBytes END AS PercentComplete,
    CASE WHEN DATEDIFF_BIG(MILLISECOND, p.FirstAt, p.LastAt) > 0
         THEN 1000.0 * p.StoredBytes / DATEDIFF_BIG(MILLISECOND, p.FirstAt, p.LastAt) END AS BytesPerSecond
FROM dbo.Models AS m
LEFT JOIN (
    SELECT ModelId, SUM(StoredChunks) AS StoredChunks, SUM(StoredNodes) AS StoredNodes, SUM(StoredBytes) AS StoredBytes,
        SUM(NewAtoms) AS NewAtoms, SUM(NewBytes) AS NewBytes, MIN(FirstAt) AS FirstAt, MAX(LastAt) AS LastAt
    FROM dbo.ModelProgress
    GROUP BY ModelId
) AS p ON p.ModelId = m.ModelId
LEFT JOIN (
    SELECT ModelId, COUNT_BIG(*) AS TotalEmbeddings
    FROM dbo.AtomEmbeddings
    GROUP BY ModelId
) AS e ON e.ModelId = m.ModelId;
