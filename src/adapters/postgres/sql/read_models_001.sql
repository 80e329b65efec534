-- Which builds a read model has.
CREATE TABLE :"schema".read_models (
  table_schema text COLLATE "C" NOT NULL,
  table_name text COLLATE "C" NOT NULL,
  -- What every write compares and replaces.
  revision text NOT NULL,
  builds json NOT NULL,
  PRIMARY KEY (table_schema, table_name)
);

-- The builds that have a table. Made in one commit with it: a table without a row here is not ours.
CREATE TABLE :"schema".read_model_builds (
  table_schema text COLLATE "C" NOT NULL,
  table_name text COLLATE "C" NOT NULL,
  build bigint NOT NULL,
  -- What the columns of its table hold, as the code declared them that made it.
  columns text NOT NULL,
  PRIMARY KEY (table_schema, table_name, build)
);

-- How far each lane of a build is, and who moves it. The last one of a build has no keys: its owner leads what is done to the build as a whole.
CREATE TABLE :"schema".read_model_lanes (
  table_schema text COLLATE "C" NOT NULL,
  table_name text COLLATE "C" NOT NULL,
  build bigint NOT NULL,
  lane integer NOT NULL,
  -- What every write compares and replaces.
  revision text NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner text,
  -- After how long without a new revision the owner has lost it.
  lease_ms bigint NOT NULL DEFAULT 0,
  -- Claims in a row that brought it no further.
  barren_claims bigint NOT NULL DEFAULT 0,
  position bigint,
  event_id text,
  -- Its owner is about to switch readers to another build.
  is_held boolean NOT NULL DEFAULT false,
  -- First positions of parked keys, requests, and what stopped it; NULL: there was never any of it. Most writes leave it as it is.
  trouble json,
  PRIMARY KEY (table_schema, table_name, build, lane),
  CHECK ((position IS NULL) = (event_id IS NULL))
) WITH (fillfactor = 20); -- every commit updates a row: room on its page keeps that out of the index

-- The events that lanes have set aside, and those of them that were given up.
CREATE TABLE :"schema".read_model_parked (
  table_schema text COLLATE "C" NOT NULL,
  table_name text COLLATE "C" NOT NULL,
  build bigint NOT NULL,
  lane integer NOT NULL,
  -- Of the key, which may be too long for an index, or hold what no text can.
  key_digest text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  -- Its key, stream id and version, and what went wrong.
  event json NOT NULL,
  -- Why it was given up, as a JSON text; NULL: it was not.
  discarded json,
  PRIMARY KEY (table_schema, table_name, build, lane, key_digest, position)
);

-- The runners that run a projection into a read model.
CREATE TABLE :"schema".read_model_members (
  table_schema text COLLATE "C" NOT NULL,
  table_name text COLLATE "C" NOT NULL,
  runner text COLLATE "C" NOT NULL,
  -- A new one with every beat.
  revision text NOT NULL,
  lease_ms bigint NOT NULL,
  -- Version and fingerprint of the projection in its code.
  version bigint NOT NULL,
  fingerprint text NOT NULL,
  PRIMARY KEY (table_schema, table_name, runner)
) WITH (fillfactor = 50);
