-- Makes the database, its owner and the login of the service, or brings those of an older release to this shape.
-- Run it as a superuser, as often as you like; it needs psql and Postgres 16 or newer:
--
--   OWNER_PASSWORD=… LOGIN_PASSWORD=… psql --no-psqlrc --set ON_ERROR_STOP=1 --file deploy/postgres-roles.sql
--
-- sessionscribe_owner owns database and tables, and only migrations log in with it. sessionscribe is what every
-- process logs in with: it owns nothing and takes one of three roles for each transaction. So no process can drop
-- row-level security, the append-only triggers or the audit trail.
\set ON_ERROR_STOP 1
\set QUIET 1
\getenv owner_password OWNER_PASSWORD
\getenv login_password LOGIN_PASSWORD
\getenv database DATABASE_NAME
\if :{?database}
\else
  \set database sessionscribe
\endif

SELECT format('CREATE ROLE %I', role)
FROM unnest(ARRAY[
  'sessionscribe_owner', 'sessionscribe', 'sessionscribe_app', 'sessionscribe_operator', 'sessionscribe_sealer'
]) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

ALTER ROLE sessionscribe_owner
  LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE sessionscribe
  LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'login_password';
ALTER ROLE sessionscribe_app NOLOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS;
ALTER ROLE sessionscribe_operator NOLOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS;
ALTER ROLE sessionscribe_sealer NOLOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS;

-- In older releases the login made both roles and could administer them.
SELECT format('REVOKE ADMIN OPTION FOR %I FROM sessionscribe CASCADE', role.rolname)
FROM pg_auth_members JOIN pg_roles AS role ON role.oid = roleid JOIN pg_roles AS holder ON holder.oid = member
WHERE holder.rolname = 'sessionscribe' AND admin_option
  AND role.rolname IN ('sessionscribe_app', 'sessionscribe_operator') \gexec
GRANT sessionscribe_app, sessionscribe_operator, sessionscribe_sealer TO sessionscribe, sessionscribe_owner
  WITH ADMIN FALSE, INHERIT FALSE, SET TRUE;

SELECT format('CREATE DATABASE %I OWNER sessionscribe_owner', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :"database"
REASSIGN OWNED BY sessionscribe TO sessionscribe_owner;
