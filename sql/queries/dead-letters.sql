-- What could not be ingested, by source and reason, and what became of it.
SELECT SourceName, Reason, State, COUNT_BIG(*) AS DeadLetters, MIN(OccurredAt) AS FirstAt, MAX(OccurredAt) AS LastAt
FROM dbo.vw_DeadLetters
GROUP BY SourceName, Reason, State
ORDER BY SourceName, Reason, State;
