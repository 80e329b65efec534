SELECT pg_is_in_recovery(), s.seqcache, s.seqincrement,
  coalesce(pg_sequence_last_value(s.seqrelid::regclass), 0),
  coalesce((SELECT max(position) FROM :"schema".events), 0)
FROM pg_sequence s WHERE s.seqrelid = :'schema.events_position_seq'::regclass
