--
-- Privileges: USAGE and EXECUTE for everybody, and CREATE for nobody, whatever
-- default privileges have given to whom.
--
DO $$
DECLARE
	member record;
BEGIN
	FOR member IN
		SELECT DISTINCT m.kind, m.identity, acl.grantee
		  FROM (SELECT 'SCHEMA' AS kind, quote_ident(nspname) AS identity, nspowner AS owner, nspacl AS acl
				  FROM pg_namespace WHERE nspname = 'concurrency'
				 UNION ALL
				SELECT 'FUNCTION', oid::regprocedure::text, proowner, proacl
				  FROM pg_proc WHERE pronamespace = 'concurrency'::regnamespace
				 UNION ALL
				SELECT 'TABLE', oid::regclass::text, relowner, relacl
				  FROM pg_class WHERE relnamespace = 'concurrency'::regnamespace
				 UNION ALL
				SELECT 'TYPE', oid::regtype::text, typowner, typacl
				  FROM pg_type WHERE typnamespace = 'concurrency'::regnamespace AND typtype = 'd') AS m
		 CROSS JOIN LATERAL aclexplode(m.acl) AS acl
		 WHERE acl.grantee <> m.owner
	LOOP
		EXECUTE format('REVOKE ALL ON %s %s FROM %s CASCADE', member.kind, member.identity,
					   CASE member.grantee WHEN 0 THEN 'PUBLIC' ELSE member.grantee::regrole::text END);
	END LOOP;
END
$$;
GRANT USAGE ON SCHEMA concurrency TO PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA concurrency TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA concurrency TO PUBLIC;
GRANT USAGE ON TYPE concurrency.version, concurrency.clock_version TO PUBLIC;
REVOKE ALL ON concurrency.leases FROM PUBLIC;
