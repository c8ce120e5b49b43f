#!/bin/sh
# Makes the database and its owner, who is no superuser: a superuser would see past every policy.
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username postgres --set password="$(cat /run/secrets/database_password)" <<'SQL'
CREATE ROLE sessionscribe LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE sessionscribe OWNER sessionscribe;
SQL
