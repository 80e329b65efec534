-- Of those that are there and the new one, the newest stay: an older one that comes late finds no place.
WITH kept AS MATERIALIZED (
  SELECT version FROM (
    SELECT version FROM :"schema".snapshots WHERE stream_id = $1
    UNION SELECT $2::integer
  ) all_versions
  ORDER BY version DESC LIMIT $9::bigint
), dropped AS (
  DELETE FROM :"schema".snapshots WHERE stream_id = $1 AND version < (SELECT min(version) FROM kept)
)
INSERT INTO :"schema".snapshots (stream_id, version, position, event_id, state, fingerprint, recorded_at, occurred_at)
SELECT $1, $2::integer, $3::bigint, $4::uuid, $5::json, $6, $7::timestamptz, $8::timestamptz
WHERE $2::integer >= (SELECT min(version) FROM kept)
ON CONFLICT (stream_id, version) DO UPDATE SET
  position = excluded.position, event_id = excluded.event_id, state = excluded.state, fingerprint = excluded.fingerprint,
  recorded_at = excluded.recorded_at, occurred_at = excluded.occurred_at
