#!/bin/sh
# What the official image does that docker-compose.yml relies on: a first start makes the cluster, with the
# password from a file, and runs the scripts of docker-entrypoint-initdb.d.
set -eu
data=/var/lib/postgresql/18/docker
if [ ! -s "$data/PG_VERSION" ]; then
  mkdir -p "$data"
  initdb --pgdata "$data" --username postgres --pwfile "$POSTGRES_PASSWORD_FILE" \
    --auth-local trust --auth-host scram-sha-256 ${POSTGRES_INITDB_ARGS:-} >/dev/null
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  pg_ctl --pgdata "$data" --silent --wait -o "-c listen_addresses='' -k /tmp" start
  for script in /docker-entrypoint-initdb.d/*.sh; do sh "$script"; done
  pg_ctl --pgdata "$data" --silent --mode fast stop
fi
exec "$@" -D "$data" -k /tmp -c listen_addresses='*'
