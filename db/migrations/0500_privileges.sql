-- What every service's role may not do, whatever schema it owns. Deployments add to this who may connect from where
-- (deployments/postgres/pg_hba.conf).

-- A role connects to its database only. The other databases of the cluster let everybody in by default.
DO $$
DECLARE
  other text;
BEGIN
  FOR other IN SELECT datname FROM pg_database WHERE datallowconn LOOP
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', other);
  END LOOP;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO mm_profile, mm_session, mm_orchestrator, mm_leaderboard',
                 current_database());
END
$$;

-- Large objects belong to no schema, so rights on schemas do not keep anybody from filling the disk with them.
DO $$
DECLARE
  routine regprocedure;
BEGIN
  FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
      AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite')) LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
  END LOOP;
END
$$;

-- Limits of a session that sets none. The daemons set shorter ones.
-- Errors of a service's statements go to the service and not to the server's log: their texts repeat values, such as a
-- player's e-mail address. Errors of the server itself and of administrators are still logged.
DO $$
DECLARE
  service text;
BEGIN
  FOREACH service IN ARRAY ARRAY['mm_profile', 'mm_session', 'mm_orchestrator', 'mm_leaderboard'] LOOP
    EXECUTE format('ALTER ROLE %I SET statement_timeout = ''10s''', service);
    EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', service);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''10s''', service);
    EXECUTE format('ALTER ROLE %I SET log_min_messages = ''log''', service);
  END LOOP;
END
$$;
