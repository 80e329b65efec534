-- Kept with the connection, for pages that can do with an older one.
SELECT set_config('everfold.safe_' || :'schema.events_position_seq'::regclass::oid, :"schema".safe_position()::text, false)
