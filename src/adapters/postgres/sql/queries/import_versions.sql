-- The versions of some streams, in the order given.
SELECT array_agg(
  coalesce((SELECT max(e.version) FROM :"schema".events e WHERE e.stream_id = asked.stream_id), 0) ORDER BY asked.place
)
FROM unnest($1::text[]) WITH ORDINALITY AS asked (stream_id, place)
