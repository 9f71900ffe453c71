-- Atoms whose count is not the number of their references: none, unless somebody changed the tables by hand. (The same
-- hash twice, which the guide looks for, cannot be: a unique constraint forbids it.) ./hartonomous verify checks more.
SELECT a.AtomHash, a.ReferenceCount, COALESCE(r.Found, 0) AS Found
FROM dbo.Atoms AS a
LEFT JOIN (
    SELECT u.AtomId, COUNT_BIG(*) AS Found
    FROM (
        SELECT AtomId FROM dbo.FileChunks
        UNION ALL
        SELECT AtomId FROM dbo.RowAtoms
        UNION ALL
        SELECT AtomId FROM dbo.ModelNodes
    ) AS u
    GROUP BY u.AtomId
) AS r ON r.AtomId = a.AtomId
WHERE a.ReferenceCount <> COALESCE(r.Found, 0)
ORDER BY a.AtomHash;
