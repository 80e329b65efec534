-- The first row holds the stream's version, and nothing else.
SELECT max(version) AS version, NULL AS position, NULL AS id, NULL AS type, NULL AS schema_version, NULL AS data, NULL AS metadata,
  NULL AS occurred_at, NULL AS recorded_at
FROM :"schema".events WHERE stream_id = $1
UNION ALL (
  SELECT version, position, id, type, schema_version, data, metadata, extract(epoch FROM occurred_at), extract(epoch FROM recorded_at)
  FROM :"schema".events
  WHERE stream_id = $1 AND version BETWEEN $2 AND $3
  ORDER BY version DESC
  LIMIT $4
)
