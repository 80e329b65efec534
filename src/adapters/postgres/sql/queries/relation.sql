-- What stands under a name: its kind, the tables that it selects from when it is a view ('' for one in another schema), and its columns.
SELECT
  c.relkind,
  (
    SELECT coalesce(json_agg(DISTINCT CASE WHEN t.relnamespace = c.relnamespace THEN t.relname ELSE '' END), '[]')
    FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid AND t.oid <> c.oid
    WHERE r.ev_class = c.oid
  ),
  (
    SELECT json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
    FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  )
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2
