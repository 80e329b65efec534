-- Where there is no COPY. Positions are drawn in the order of the lists.
INSERT INTO :"schema".events (stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at)
SELECT stream_id, version, id, type, schema_version, data, metadata, occurred_at, $9::timestamptz
FROM unnest(
  $1::text[], $2::integer[], $3::uuid[], $4::text[], $5::smallint[], $6::json[], $7::json[], $8::timestamptz[]
) WITH ORDINALITY AS e (stream_id, version, id, type, schema_version, data, metadata, occurred_at, place)
ORDER BY place
