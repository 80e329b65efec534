SELECT coalesce(pg_sequence_last_value(:'schema.events_position_seq'::regclass), 0)
