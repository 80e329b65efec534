SELECT revision, epoch, owner, lease_ms, barren_claims, position, event_id, is_held, trouble FROM :"schema".read_model_lanes
WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint AND lane = $4::integer
