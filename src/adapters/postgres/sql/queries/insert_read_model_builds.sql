INSERT INTO :"schema".read_models (table_schema, table_name, revision, builds) VALUES ($1, $2, $3, $4::json)
ON CONFLICT DO NOTHING
RETURNING 1
