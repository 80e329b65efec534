WITH parked AS (
  DELETE FROM :"schema".read_model_parked WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint
)
DELETE FROM :"schema".read_model_builds WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint
RETURNING 1
