-- From PostgreSQL 17 on, pg_sequence_last_value() gives null to a role that may not read the sequence, as if the log were empty; before, it fails.
SELECT s.seqcache, s.seqincrement, may.may_read,
  coalesce(CASE WHEN may.may_read THEN pg_sequence_last_value(s.seqrelid::regclass) END, 0),
  coalesce((SELECT max(position) FROM :"schema".events), 0),
  coalesce((
    SELECT string_agg(needed.name, ', ')
    FROM unnest(ARRAY['events_pkey', 'events_stream_version', 'events_stream_command']) AS needed (name)
    WHERE NOT EXISTS (
      SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = :'schema.events'::regclass AND c.relname = needed.name AND i.indisunique AND i.indisvalid
    )
  ), '')
FROM pg_sequence s CROSS JOIN LATERAL has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') AS may (may_read)
WHERE s.seqrelid = :'schema.events_position_seq'::regclass
