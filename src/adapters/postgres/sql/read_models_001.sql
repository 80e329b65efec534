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

-- How far each lane of a build is, and who moves it.
CREATE TABLE :"schema".read_model_lanes (
  table_schema text COLLATE "C" NOT NULL,
  table_name text COLLATE "C" NOT NULL,
  build bigint NOT NULL,
  lane integer NOT NULL,
  -- What every write compares and replaces.
  revision text NOT NULL,
  epoch bigint NOT NULL,
  owner text,
  position bigint,
  event_id text,
  -- Its owner is about to switch readers to another build.
  is_held boolean NOT NULL DEFAULT false,
  PRIMARY KEY (table_schema, table_name, build, lane),
  CHECK ((position IS NULL) = (event_id IS NULL))
) WITH (fillfactor = 20); -- every commit updates a row: room on its page keeps that out of the index
