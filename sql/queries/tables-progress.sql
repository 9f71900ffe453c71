-- How much each captured table refers to, how much of what it brought was there already, and what is missing of it.
SELECT
    t.SchemaName,
    t.TableName,
    t.GroupName,
    COALESCE(p.StoredReferences, 0) AS StoredReferences,
    COALESCE(p.NewAtoms, 0) AS NewAtoms,
    COALESCE(p.KnownAtoms, 0) AS KnownAtoms,
    COALESCE(d.DeadLetters, 0) AS DeadLetters
FROM dbo.CapturedTables AS t
LEFT JOIN (
    SELECT CapturedTableId, SUM(StoredReferences) AS StoredReferences, SUM(NewAtoms) AS NewAtoms,
        SUM(KnownAtoms) AS KnownAtoms
    FROM dbo.TableProgress
    GROUP BY CapturedTableId
) AS p ON p.CapturedTableId = t.CapturedTableId
LEFT JOIN (
    SELECT CapturedTableId, COUNT_BIG(*) AS DeadLetters
    FROM dbo.vw_DeadLetters
    WHERE CapturedTableId IS NOT NULL AND State <> 'resolved'
    GROUP BY CapturedTableId
) AS d ON d.CapturedTableId = t.CapturedTableId
ORDER BY t.SchemaName, t.TableName;
