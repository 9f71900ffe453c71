-- New atoms of the last 24 hours, hour by hour (UTC). The rate is over the time between the hour's first and last atom:
-- one counted over whole hours is too low for the hour that has not ended.
SELECT
    CAST(a.CreatedAt AS DATE) AS Day,
    DATEPART(HOUR, a.CreatedAt) AS Hour,
    COUNT_BIG(*) AS AtomsCreated,
    SUM(a.ByteLength) / 1048576.0 AS DataMiB,
    CASE WHEN DATEDIFF_BIG(MILLISECOND, MIN(a.CreatedAt), MAX(a.CreatedAt)) > 0
         THEN 1000.0 * COUNT_BIG(*) / DATEDIFF_BIG(MILLISECOND, MIN(a.CreatedAt), MAX(a.CreatedAt)) END AS AtomsPerSecond
FROM dbo.Atoms AS a
WHERE a.CreatedAt >= DATEADD(DAY, -1, SYSUTCDATETIME())
GROUP BY CAST(a.CreatedAt AS DATE), DATEPART(HOUR, a.CreatedAt)
ORDER BY Day, Hour;
