DELETE FROM :"schema".read_model_members WHERE table_schema = $1 AND table_name = $2 AND runner = $3
