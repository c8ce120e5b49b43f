#!/bin/sh
# Makes the database and its two logins. Run it again (docker compose exec postgres sh THIS) after an update from a
# release with one login.
set -eu
OWNER_PASSWORD="$(cat /run/secrets/owner_password)" LOGIN_PASSWORD="$(cat /run/secrets/database_password)" \
  psql --no-psqlrc --quiet --username postgres --dbname postgres --file /etc/sessionscribe/postgres-roles.sql
