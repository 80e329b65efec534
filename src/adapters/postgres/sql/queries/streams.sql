-- Hops from stream to stream in the index of (stream_id, version), whatever the number of events in each.
WITH RECURSIVE streams AS (
  (SELECT stream_id, 1 AS place FROM :"schema".events WHERE stream_id > $1 AND stream_id > $4 AND stream_id < $2 ORDER BY stream_id LIMIT 1)
  UNION ALL
  SELECT (
    SELECT next.stream_id FROM :"schema".events next
    WHERE next.stream_id > streams.stream_id AND next.stream_id < $2 ORDER BY next.stream_id LIMIT 1
  ), streams.place + 1
  FROM streams WHERE streams.stream_id IS NOT NULL AND streams.place < $3
)
SELECT stream_id FROM streams WHERE stream_id IS NOT NULL ORDER BY place
