-- Whose lock has the lowest key, and how far that is behind $1, the sequence's last value, which was read before: as safe_position() does.
-- A prepared transaction has no process; it is known by the lock on its own number. Its virtualtransaction is another one after a restart.
-- What a role may not see of another's session is null, but its query is a remark in angle brackets.
WITH locks AS MATERIALIZED (SELECT * FROM pg_locks)
SELECT ($1::bigint - l.objid::bigint) & 2147483647 AS behind, l.pid, p.gid,
  coalesce(a.usename, p.owner), nullif(a.application_name, ''), host(a.client_addr), a.state,
  extract(epoch FROM coalesce(a.xact_start, p.prepared)) AS since, CASE WHEN a.state IS NOT NULL THEN a.query END
FROM locks l
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN (locks x JOIN pg_prepared_xacts p ON p.transaction = x.transactionid)
    ON l.pid IS NULL AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
  AND l.classid = :'schema.events_position_seq'::regclass::oid
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (($1::bigint - l.objid::bigint) & 2147483647) < 1073741824
ORDER BY behind DESC, since NULLS LAST
LIMIT 1
