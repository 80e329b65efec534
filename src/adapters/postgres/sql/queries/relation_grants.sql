-- The statements that give what others were granted on a relation, to be run after it was made anew.
SELECT format(
  'GRANT %s ON %I.%I TO %s%s', g.privilege_type, n.nspname, c.relname,
  CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
  CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL aclexplode(c.relacl) g
WHERE n.nspname = $1 AND c.relname = $2 AND g.grantee <> c.relowner
