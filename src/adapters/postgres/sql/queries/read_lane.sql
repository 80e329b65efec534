SELECT revision, epoch, owner, position, event_id, is_held FROM :"schema".read_model_lanes
WHERE table_schema = $1 AND table_name = $2 AND build = $3::bigint AND lane = $4::integer
