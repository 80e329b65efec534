-- The log: every event once, in the order of its position.
CREATE TABLE :"schema".events (
  -- Drawn after the version check, so that in every stream positions rise with versions. CACHE 1: a session that kept
  -- numbers in store would break the order.
  position bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
  stream_id text COLLATE "C" NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  id uuid NOT NULL,
  type text NOT NULL,
  schema_version smallint NOT NULL,
  -- Bytes of JSON text. A page is cut by it: pg_column_size() would tell what the compressed text takes, which can be a hundredth, and to look at
  -- the text itself decompresses it.
  size integer GENERATED ALWAYS AS (octet_length(data::text) + octet_length(metadata::text)) STORED,
  -- json, not jsonb: what was written comes back byte by byte, and logs are read 1.3 times as fast.
  data json NOT NULL,
  metadata json NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  -- With the last event of the append that the command made.
  command_id text COLLATE "C",
  -- Decides which of two concurrent appends wins.
  CONSTRAINT events_stream_version UNIQUE (stream_id, version)
);

CREATE UNIQUE INDEX events_stream_command ON :"schema".events (stream_id, command_id) WHERE command_id IS NOT NULL;

-- Where a page with large events ends. Of a page without any, which is nearly all, one look tells.
CREATE INDEX events_large ON :"schema".events (position, size) WHERE size > 8000;
CREATE INDEX events_stream_large ON :"schema".events (stream_id, version, size) WHERE size > 8000;

-- Below and at this position no event can still appear: no unfinished append has drawn it.
--
-- Read the events in a later statement, on the same connection. Why it holds: a position is drawn after its lock was taken, so every
-- unfinished append with a position up to `last` shows in pg_locks when that is read after `last` was; its key is below all its
-- positions; and a lock goes after its transaction is visible. An append that starts later draws positions above `last`.
-- Keys wrap at 2^31: one less than 2^30 behind `last` was taken before it, any other after it.
CREATE FUNCTION :"schema".safe_position() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $everfold$
DECLARE
  last bigint := coalesce(pg_sequence_last_value(:'schema.events_position_seq'::regclass), 0);
  behind bigint;
BEGIN
  IF pg_is_in_recovery() THEN
    RAISE read_only_sql_transaction USING MESSAGE = 'This server is a standby: it does not see which appends are unfinished. Use the primary.';
  END IF;
  SELECT max((last - objid::bigint) & 2147483647) INTO behind
  FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 2 AND granted
    AND classid = :'schema.events_position_seq'::regclass::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND ((last - objid::bigint) & 2147483647) < 1073741824;
  RETURN last - coalesce(behind, 0);
END
$everfold$;

-- What becomes of an append to one stream, in this order: its ids stand there already ('appended', with the first outcome), its command
-- was appended before ('command-repeated'), the stream is at another version ('wrong-version'; positions: of those events that stand there already),
-- or it can be written ('writable'). The stream has to be at a version from at_least to at_most; only where both are the same, ids have a place to be
-- found at.
CREATE FUNCTION :"schema".append_verdict(
  stream text, at_least integer, at_most integer, command text, event_ids uuid[],
  OUT status text, OUT version integer, OUT positions bigint[], OUT recorded_at timestamptz
) LANGUAGE plpgsql STABLE AS $everfold$
DECLARE
  last integer := coalesce((SELECT max(e.version) FROM :"schema".events e WHERE e.stream_id = stream), 0);
  first_version integer;
  first_position bigint;
BEGIN
  IF at_least = at_most AND last > at_least THEN
    SELECT array_agg(e.position ORDER BY e.version), max(e.recorded_at) INTO positions, recorded_at
    FROM :"schema".events e
    WHERE e.stream_id = stream AND e.version BETWEEN at_least + 1 AND at_least + cardinality(event_ids)
      AND e.id = event_ids[e.version - at_least];
    IF cardinality(positions) = cardinality(event_ids) THEN
      status := 'appended';
      version := at_least + cardinality(event_ids);
      RETURN;
    END IF;
  END IF;
  recorded_at := NULL;
  IF command IS NOT NULL THEN
    SELECT e.version, e.position INTO first_version, first_position
    FROM :"schema".events e WHERE e.stream_id = stream AND e.command_id = command;
    IF FOUND THEN
      status := 'command-repeated';
      version := first_version;
      positions := ARRAY[first_position];
      RETURN;
    END IF;
  END IF;
  status := CASE WHEN last BETWEEN at_least AND at_most THEN 'writable' ELSE 'wrong-version' END;
  version := last;
END
$everfold$;

-- Announces that this transaction is going to draw positions: takes a shared lock, held to its end, whose key is the greatest position drawn before.
-- Nobody waits for it; safe_position() looks for it.
--
-- wait_ms: how long each lock on a stream is waited for, in a transaction that is this one statement. Null: a transaction of several statements, which may
-- stay open. There the lock is taken once, as thousands of keys would fill the table of locks; and a dead peer must not hold the log back for hours,
-- so the server asks it whether it still lives after 30 s of silence, and then every 10 s. Settings go with the transaction, or with a savepoint, as the lock does.
CREATE FUNCTION :"schema".announce_append(wait_ms integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $everfold$
DECLARE
  announced CONSTANT text := 'everfold.announced_' || :'schema.events_position_seq'::regclass::oid;
BEGIN
  IF wait_ms IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait_ms::text, true);
  ELSIF current_setting(announced, true) = 'yes' THEN
    RETURN;
  ELSE
    PERFORM set_config(announced, 'yes', true), set_config('tcp_keepalives_idle', '30', true),
      set_config('tcp_keepalives_interval', '10', true), set_config('tcp_keepalives_count', '3', true);
  END IF;
  PERFORM pg_advisory_xact_lock_shared(
    :'schema.events_position_seq'::regclass::oid::integer,
    (coalesce(pg_sequence_last_value(:'schema.events_position_seq'::regclass), 0) & 2147483647)::integer
  );
END
$everfold$;

-- Appends one event, in a transaction of its own: the hot path, without arrays. 'raced': somebody else appended between the attempt and the look at what
-- had refused it. wait_ms and the lock: see announce_append(). As IFs they are evaluated without starting the executor: 8 us of 80 on PGlite.
CREATE FUNCTION :"schema".append_event(
  wait_ms integer, stream text, at_least integer, at_most integer, command text,
  event_id uuid, event_type text, event_schema_version smallint, event_data json, event_metadata json, occurred timestamptz,
  OUT status text, OUT version integer, OUT positions bigint[], OUT recorded_at timestamptz
) LANGUAGE plpgsql VOLATILE AS $everfold$
BEGIN
  IF set_config('lock_timeout', wait_ms::text, true) IS NULL OR pg_advisory_xact_lock_shared(
    :'schema.events_position_seq'::regclass::oid::integer,
    (coalesce(pg_sequence_last_value(:'schema.events_position_seq'::regclass), 0) & 2147483647)::integer
  ) IS NULL THEN END IF;
  recorded_at := date_trunc('milliseconds', clock_timestamp());
  INSERT INTO :"schema".events AS e
    (stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at, command_id)
  SELECT stream, last.version + 1, event_id, event_type, event_schema_version, event_data, event_metadata,
    coalesce(occurred, append_event.recorded_at), append_event.recorded_at, command
  FROM (SELECT coalesce(max(s.version), 0) AS version FROM :"schema".events s WHERE s.stream_id = stream) last
  WHERE last.version BETWEEN at_least AND at_most
    AND (command IS NULL OR NOT EXISTS (SELECT FROM :"schema".events c WHERE c.stream_id = stream AND c.command_id = command))
  RETURNING e.version, ARRAY[e.position] INTO append_event.version, append_event.positions;
  IF FOUND THEN
    status := 'appended';
  ELSE
    SELECT v.* INTO status, version, positions, recorded_at
    FROM :"schema".append_verdict(stream, at_least, at_most, command, ARRAY[event_id]) v;
    IF status = 'writable' THEN
      status := 'raced';
    END IF;
  END IF;
END
$everfold$;

-- Appends events to one stream, in a transaction of its own: like append_event(), and three quarters of the time of append_all().
CREATE FUNCTION :"schema".append_events(
  wait_ms integer, stream text, at_least integer, at_most integer, command text,
  event_ids uuid[], event_types text[], event_schema_versions smallint[], event_data json[], event_metadata json[], occurred timestamptz[],
  OUT status text, OUT version integer, OUT positions bigint[], OUT recorded_at timestamptz
) LANGUAGE plpgsql VOLATILE AS $everfold$
BEGIN
  PERFORM :"schema".announce_append(wait_ms);
  recorded_at := date_trunc('milliseconds', clock_timestamp());
  WITH written AS (
    INSERT INTO :"schema".events AS e
      (stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at, command_id)
    SELECT stream, last.version + n.place, n.id, n.type, n.schema_version, n.data, n.metadata,
      coalesce(n.occurred_at, append_events.recorded_at), append_events.recorded_at,
      CASE WHEN n.place = cardinality(event_ids) THEN command END
    FROM (SELECT coalesce(max(s.version), 0) AS version FROM :"schema".events s WHERE s.stream_id = stream) last
    CROSS JOIN unnest(event_ids, event_types, event_schema_versions, event_data, event_metadata, occurred) WITH ORDINALITY
      AS n (id, type, schema_version, data, metadata, occurred_at, place)
    WHERE last.version BETWEEN at_least AND at_most
      AND (command IS NULL OR NOT EXISTS (SELECT FROM :"schema".events c WHERE c.stream_id = stream AND c.command_id = command))
    ORDER BY n.place
    RETURNING e.version, e.position
  )
  SELECT max(w.version), array_agg(w.position) INTO append_events.version, append_events.positions FROM written w;
  IF version IS NOT NULL THEN
    status := 'appended';
  ELSE
    SELECT v.* INTO status, version, positions, recorded_at
    FROM :"schema".append_verdict(stream, at_least, at_most, command, event_ids) v;
    IF status = 'writable' THEN
      status := 'raced';
    END IF;
  END IF;
END
$everfold$;

-- Appends to several streams, any number of events each. One row per append. is_atomic: one that is refused keeps all others from being written.
-- wait_ms: see announce_append(). events: in the order of (append, place), both from 1; first_events: where an append's events begin among them.
CREATE FUNCTION :"schema".append_all(
  wait_ms integer, is_atomic boolean,
  streams text[], at_least integer[], at_most integer[], commands text[], first_events integer[], counts integer[],
  event_appends integer[], event_places integer[], event_ids uuid[], event_types text[], event_schema_versions smallint[],
  event_data json[], event_metadata json[], occurred timestamptz[]
) RETURNS TABLE (append integer, status text, version integer, positions bigint[], recorded_at timestamptz) LANGUAGE plpgsql VOLATILE AS $everfold$
#variable_conflict use_column
DECLARE
  taken_at timestamptz;
BEGIN
  PERFORM :"schema".announce_append(wait_ms);
  taken_at := date_trunc('milliseconds', clock_timestamp());
  RETURN QUERY
  WITH known AS MATERIALIZED (
    SELECT a.*, coalesce((SELECT max(e.version) FROM :"schema".events e WHERE e.stream_id = a.stream), 0) AS last
    FROM unnest(streams, at_least, at_most, commands, first_events, counts) WITH ORDINALITY
      AS a (stream, at_least, at_most, command, first_event, number_of_events, append)
  ), asked AS MATERIALIZED (
    -- Where the version is right, the ids cannot stand there already: the costly verdict is for the others.
    SELECT k.append::integer, k.stream, k.command, k.number_of_events, coalesce(v.status, 'writable') AS status,
      coalesce(v.version, k.last) AS version, v.positions, v.recorded_at
    FROM known k LEFT JOIN LATERAL (
      SELECT verdict.* FROM :"schema".append_verdict(
        k.stream, k.at_least, k.at_most, k.command, event_ids[k.first_event : k.first_event + k.number_of_events - 1]
      ) verdict
      WHERE k.command IS NOT NULL OR k.last NOT BETWEEN k.at_least AND k.at_most
    ) v ON true
  ), written AS (
    INSERT INTO :"schema".events AS e
      (stream_id, version, id, type, schema_version, data, metadata, occurred_at, recorded_at, command_id)
    SELECT asked.stream, asked.version + n.place, n.id, n.type, n.schema_version, n.data, n.metadata,
      coalesce(n.occurred_at, taken_at), taken_at, CASE WHEN n.place = asked.number_of_events THEN asked.command END
    FROM unnest(
      event_appends, event_places, event_ids, event_types, event_schema_versions, event_data, event_metadata, occurred
    ) AS n (append, place, id, type, schema_version, data, metadata, occurred_at)
    JOIN asked ON asked.append = n.append AND asked.status = 'writable'
    WHERE NOT is_atomic OR NOT EXISTS (SELECT FROM asked refused WHERE refused.status NOT IN ('writable', 'appended'))
    ORDER BY n.append, n.place
    RETURNING e.stream_id, e.version, e.position
  ), outcome AS (
    SELECT stream_id, max(version) AS version, array_agg(position ORDER BY version) AS positions FROM written GROUP BY stream_id
  )
  SELECT asked.append,
    CASE WHEN asked.status <> 'writable' THEN asked.status
      WHEN is_atomic AND EXISTS (SELECT FROM asked refused WHERE refused.status NOT IN ('writable', 'appended')) THEN 'not-written'
      WHEN asked.number_of_events > 0 AND outcome.stream_id IS NULL THEN 'raced' -- a trigger of the user's kept it out
      ELSE 'appended' END,
    coalesce(outcome.version, asked.version),
    coalesce(outcome.positions, asked.positions, '{}'),
    CASE WHEN outcome.stream_id IS NULL THEN asked.recorded_at ELSE taken_at END
  FROM asked LEFT JOIN outcome ON outcome.stream_id = asked.stream;
END
$everfold$;
