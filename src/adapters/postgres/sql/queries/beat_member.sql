-- Writes the record of a runner, and gives those of all.
WITH own AS (
  INSERT INTO :"schema".read_model_members (table_schema, table_name, runner, revision, lease_ms, version, fingerprint)
  VALUES ($1, $2, $3, $4, $5::bigint, $6::bigint, $7)
  ON CONFLICT (table_schema, table_name, runner) DO UPDATE SET
    revision = excluded.revision, lease_ms = excluded.lease_ms, version = excluded.version, fingerprint = excluded.fingerprint
  RETURNING runner, revision, lease_ms, version, fingerprint
)
SELECT runner, revision, lease_ms, version, fingerprint FROM own
UNION ALL
SELECT runner, revision, lease_ms, version, fingerprint FROM :"schema".read_model_members
WHERE table_schema = $1 AND table_name = $2 AND runner <> $3
