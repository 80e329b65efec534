SELECT revision, builds FROM :"schema".read_models WHERE table_schema = $1 AND table_name = $2
