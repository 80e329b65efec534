-- The parked events of a lane after $5 and $6, up to key $7, in the order of keys and positions: up to a thousand, or up to some megabytes.
SELECT key_digest, position, event, discarded
FROM (
  SELECT page.*, sum(size) OVER (ORDER BY key_digest, position ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT key_digest, position, event, discarded, octet_length(event::text) + coalesce(octet_length(discarded::text), 0) AS size
    FROM :"schema".read_model_parked
    WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint AND lane = $4::integer
      AND (key_digest, position) > ($5, $6::bigint) AND key_digest <= $7
    ORDER BY key_digest, position
    LIMIT 1000
  ) AS page
) AS pages
WHERE total - size < 4194304
ORDER BY key_digest, position
