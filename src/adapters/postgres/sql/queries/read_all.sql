-- Events have no mark. The other rows name places: where `after` was found, the head, and how far this page looks.
--
-- The planner must walk the index from $1 on. Where it does not know the bounds or the table (generic plan, no statistics), it takes a range for a
-- two-hundredth of the table and a filter for little of that, and then reads and sorts the whole rest of the log for each page. So the comparison of rows,
-- which means position > $1, hides from it that this is half of a range, and coalesce what the filters leave.
SELECT NULL AS mark, stream_id, version, position, id, type, schema_version, data, metadata,
  extract(epoch FROM occurred_at) AS occurred_at, extract(epoch FROM recorded_at) AS recorded_at
FROM (
  SELECT * FROM :"schema".events
  WHERE (position, 0) > ($1, 0) AND position <= least($3::bigint, $4::bigint)
    AND (:every_type OR coalesce(type = ANY ($5::text[]), false))
    AND (:every_category OR coalesce(split_part(stream_id, '-', 1) = ANY ($6::text[]), false))
  ORDER BY position
  LIMIT $7
) page
UNION ALL
SELECT 'after', NULL, NULL, position, id, NULL, NULL, NULL, NULL, NULL, NULL
FROM :"schema".events WHERE position = $1 AND id::text = $2
UNION ALL (
  SELECT 'head', NULL, NULL, position, id, NULL, NULL, NULL, NULL, NULL, NULL
  FROM :"schema".events WHERE position <= $3 ORDER BY position DESC LIMIT 1
)
UNION ALL (
  SELECT 'through', NULL, NULL, position, id, NULL, NULL, NULL, NULL, NULL, NULL
  FROM :"schema".events WHERE position <= least($3::bigint, $4::bigint) ORDER BY position DESC LIMIT 1
)
