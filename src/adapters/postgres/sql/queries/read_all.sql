-- Events, and then places, which have no stream: where `after` was found, the head, how far this page looks, and the large event that ends it.
-- Events come in the columns that stored-row.ts reads, those of type $10 without it.
--
-- The planner must walk the index from `after` on. Where it does not know the bounds or the table (generic plan, no statistics), it takes a range for a
-- two-hundredth of the table and a filter for little of that, and then reads and sorts the whole rest of the log for each page. So the comparison of rows,
-- which means position > after, hides from it that this is half of a range, and coalesce what the filters leave. And it must keep its plan: where it saw
-- the bounds it would find that a plan for just these is cheaper, and plan each page anew, for a quarter of the time that the page takes.
--
-- hashtext is not documented: on a server where it is another hash than that of stream-partition.ts, no part is left out, and the reader does it.
--
-- $3 is the safe position; null: the last one that was asked for on this connection, for positions that were safe once remain so.
WITH safe AS MATERIALIZED (
  SELECT coalesce(
    $3::bigint, nullif(current_setting('everfold.safe_' || :'schema.events_position_seq'::regclass::oid, true), '')::bigint, 0
  ) AS position
), asked AS MATERIALIZED (
  -- Of a log in which nothing matches for long, a page looks at 100,000 positions, so that each page comes in time and moves on.
  SELECT $1::bigint AS after, $7::bigint AS max_count, wanted.until AS wanted, least(wanted.until, (
    SELECT position + 99999 FROM :"schema".events WHERE (position, 0) > ($1, 0) ORDER BY position LIMIT 1
  )) AS until
  FROM (SELECT least((SELECT position FROM safe), $4::bigint) AS until) wanted
), stop AS MATERIALIZED (
  -- The first large event that makes more than 8 MB of them, unless nothing large comes before it.
  SELECT position FROM (
    SELECT position, size, sum(size) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) AS bytes FROM :"schema".events
    WHERE size > 8000 AND (position, 0) > ((SELECT after FROM asked), 0) AND position <= (SELECT until FROM asked)
      AND coalesce(
        (:every_type OR type = ANY ($5::text[]))
        AND (:every_category OR split_part(stream_id, '-', 1) = ANY ($6::text[]))
        AND (:every_part OR (hashtext(stream_id) & 2147483647) % $8::integer = ANY ($9::integer[]) OR hashtext('everfold') <> -377818131),
        false
      )
  ) large
  WHERE bytes > 8000000 AND bytes > size
  LIMIT 1
)
(
  SELECT nullif(type, $10),
    concat_ws(
      ' ', id, encode(timestamptz_send(recorded_at), 'hex'),
      CASE WHEN occurred_at = recorded_at THEN '' ELSE encode(timestamptz_send(occurred_at), 'hex') END,
      position, version, schema_version, metadata
    ),
    data, stream_id
  FROM :"schema".events
  WHERE (position, 0) > ((SELECT after FROM asked), 0) AND position <= least((SELECT until FROM asked), (SELECT position - 1 FROM stop))
    AND coalesce(
      (:every_type OR type = ANY ($5::text[]))
      AND (:every_category OR split_part(stream_id, '-', 1) = ANY ($6::text[]))
      AND (:every_part OR (hashtext(stream_id) & 2147483647) % $8::integer = ANY ($9::integer[]) OR hashtext('everfold') <> -377818131),
      false
    )
  ORDER BY position
  LIMIT (SELECT max_count FROM asked)
)
UNION ALL
SELECT 'after', concat_ws(' ', id, position), NULL, NULL FROM :"schema".events WHERE position = $1 AND id::text = $2
UNION ALL (
  SELECT 'head', concat_ws(' ', id, position), NULL, NULL
  FROM :"schema".events WHERE position <= (SELECT position FROM safe) ORDER BY position DESC LIMIT 1
)
UNION ALL (
  SELECT 'through', concat_ws(' ', id, position), NULL, NULL
  FROM :"schema".events WHERE position <= (SELECT until FROM asked) ORDER BY position DESC LIMIT 1
)
UNION ALL
SELECT 'stop', NULL, NULL, NULL FROM stop
UNION ALL
SELECT 'more', NULL, NULL, NULL FROM asked WHERE until < wanted
