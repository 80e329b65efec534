UPDATE :"schema".read_model_lanes
SET
  revision = $6, epoch = $7::bigint, owner = $8, position = $9::bigint, event_id = $10, is_held = $11::boolean,
  lease_ms = $12::bigint, barren_claims = $13::bigint, trouble = coalesce($14::json, trouble)
WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint AND lane = $4::integer AND revision = $5
RETURNING 1
