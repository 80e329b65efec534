-- Events in the columns that stored-row.ts reads, and then the stream's version in a row without a type.
WITH stop AS MATERIALIZED (
  -- The first large event that makes more than 8 MB of them, unless nothing large comes before it.
  SELECT version FROM (
    SELECT version, size, sum(size) OVER (ORDER BY version ROWS UNBOUNDED PRECEDING) AS bytes FROM :"schema".events
    WHERE size > 8000 AND stream_id = $1 AND version BETWEEN $2 AND $3
  ) large
  WHERE bytes > 8000000 AND bytes > size
  LIMIT 1
)
(
  SELECT type,
    concat_ws(
      ' ', id, encode(timestamptz_send(recorded_at), 'hex'),
      CASE WHEN occurred_at = recorded_at THEN '' ELSE encode(timestamptz_send(occurred_at), 'hex') END,
      position, version, schema_version, metadata
    ),
    data
  FROM :"schema".events
  WHERE stream_id = $1 AND version BETWEEN $2 AND least($3, (SELECT version - 1 FROM stop))
  ORDER BY version
  LIMIT $4
)
UNION ALL
SELECT NULL, max(version)::text, NULL FROM :"schema".events WHERE stream_id = $1
