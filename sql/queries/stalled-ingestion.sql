-- Why is nothing new coming in? What waits for a job, what a job is at, and how old the capture position is.
SELECT 'submission that no job has taken' AS Finding, s.Path AS Subject, s.SubmittedAt AS Since
FROM dbo.ModelSubmissions AS s
WHERE s.State = 'NEW'
UNION ALL
SELECT 'model being ingested, last stored', m.ModelName, COALESCE(p.LastAt, m.SubmittedAt)
FROM dbo.Models AS m
LEFT JOIN (SELECT ModelId, MAX(LastAt) AS LastAt FROM dbo.ModelProgress GROUP BY ModelId) AS p ON p.ModelId = m.ModelId
WHERE m.State = 'INGESTING'
UNION ALL
SELECT 'capture group, last checkpoint', c.SourceName, c.LastCheckpoint
FROM dbo.CdcCheckpoints AS c
UNION ALL
SELECT 'graph outbox, oldest mark that is not synced', q.EntityType, MIN(q.CreatedAt)
FROM dbo.Neo4jSyncQueue AS q
WHERE q.IsSynced = 0
GROUP BY q.EntityType
ORDER BY Since, Subject;
