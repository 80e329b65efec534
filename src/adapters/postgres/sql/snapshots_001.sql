-- A few snapshots of each stream, so that a load need not fold the events before them.
CREATE TABLE :"schema".snapshots (
  stream_id text COLLATE "C" NOT NULL,
  -- Of the last event that it folded, like position and event_id.
  version integer NOT NULL CHECK (version > 0),
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  -- json, not jsonb: what was written comes back byte by byte.
  state json NOT NULL,
  -- Of the code that folded it.
  fingerprint text NOT NULL,
  -- The greatest of all events that it folded.
  recorded_at timestamptz NOT NULL,
  occurred_at timestamptz NOT NULL,
  PRIMARY KEY (stream_id, version)
);
