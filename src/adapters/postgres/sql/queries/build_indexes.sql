-- The indexes of a table: their names, whether they are whole, and whether one is being made of the table.
-- One that is being made is not whole, nor is one whose making was interrupted.
SELECT
  i.relname,
  x.indisvalid AND x.indisready AND x.indislive,
  EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.relid = c.oid)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index x ON x.indrelid = c.oid
JOIN pg_class i ON i.oid = x.indexrelid
WHERE n.nspname = $1 AND c.relname = $2
