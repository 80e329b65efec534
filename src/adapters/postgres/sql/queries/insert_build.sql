WITH build AS (
  INSERT INTO :"schema".read_model_builds (table_schema, table_name, build, columns)
  VALUES ($1, $2, $3::bigint, $4)
)
INSERT INTO :"schema".read_model_lanes (table_schema, table_name, build, lane, revision)
SELECT $1, $2, $3::bigint, number - 1, revision
FROM unnest($5::text[]) WITH ORDINALITY AS lanes (revision, number)
