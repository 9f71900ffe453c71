-- How far each model is, from progress figures: cheap at any size.
SELECT
    ModelId,
    TenantId,
    ModelName,
    State,
    CAST(PercentComplete AS DECIMAL(5, 1)) AS PercentComplete,
    StoredChunks + StoredNodes AS Stored,
    ExpectedChunks + ExpectedNodes AS Expected,
    NewAtoms,
    NewBytes,
    CAST(BytesPerSecond AS BIGINT) AS BytesPerSecond,
    Failure
FROM dbo.vw_IngestionStatus
ORDER BY ModelId;
