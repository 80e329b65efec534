-- The newest within the bounds, those with the fingerprint first.
SELECT version, position, event_id, state, fingerprint,
  encode(timestamptz_send(recorded_at), 'hex'), encode(timestamptz_send(occurred_at), 'hex')
FROM :"schema".snapshots
WHERE stream_id = $1 AND version <= $3::integer
  AND recorded_at <= $4::timestamptz AND occurred_at <= $5::timestamptz
ORDER BY fingerprint = $2 DESC, version DESC
LIMIT 1
