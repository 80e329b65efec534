-- The ids that some streams have from one version to another, and the greatest position of these events, in the order given.
SELECT found.ids, found.position
FROM unnest($1::text[], $2::integer[], $3::integer[]) WITH ORDINALITY AS asked (stream_id, first, last, place)
CROSS JOIN LATERAL (
  SELECT array_agg(e.id ORDER BY e.version) AS ids, max(e.position) AS position
  FROM :"schema".events e WHERE e.stream_id = asked.stream_id AND e.version BETWEEN asked.first AND asked.last
) found
ORDER BY asked.place
