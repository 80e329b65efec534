-- What keeps a view from being dropped: whatever is made of it, or of the type of its rows. What makes a view is a rule for SELECT:
-- then the view is named. Other rules have names of their own, and stand on tables that nobody is to drop.
SELECT DISTINCT o.type || ' ' || o.identity
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_type t ON t.oid = c.reltype
JOIN pg_depend d ON d.deptype = 'n' AND (
  (d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid)
  OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray))
)
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
CROSS JOIN LATERAL pg_identify_object(
  CASE WHEN r.ev_type = '1' THEN 'pg_class'::regclass ELSE d.classid END,
  CASE WHEN r.ev_type = '1' THEN r.ev_class ELSE d.objid END,
  CASE WHEN r.ev_type = '1' THEN 0 ELSE d.objsubid END
) o
WHERE n.nspname = $1 AND c.relname = $2 AND r.ev_class IS DISTINCT FROM c.oid
ORDER BY 1
