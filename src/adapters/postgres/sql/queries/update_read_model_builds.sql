UPDATE :"schema".read_models SET revision = $3, builds = $4::json
WHERE table_schema = $1 AND table_name = $2 AND revision = $5
RETURNING 1
