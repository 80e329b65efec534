DELETE FROM :"schema".read_model_lanes WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint
