#!/bin/sh
# Makes every secret that docker-compose.yml names, once, into deploy/secrets/; existing ones stay.
# The certificate is self-signed for HOST (default localhost): put your own in its place.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

once() { # NAME, and the secret on standard input
  if [ -e "$1" ]; then cat >/dev/null; else cat >"$1"; fi
}
random() { openssl rand -hex "${1:-24}"; }

random | once postgres_password
random | once database_password
random | once owner_password
random | once redis_password
random | once redis_service_password
random 10 | once s3_access_key_id
random | once s3_secret_access_key
random | once metrics_token
printf 'flower:%s\n' "$(random)" | once flower_basic_auth
printf 'postgresql://sessionscribe:%s@postgres/sessionscribe\n' "$(cat database_password)" | once database_url
printf 'postgresql://sessionscribe_owner:%s@postgres/sessionscribe\n' "$(cat owner_password)" | once migrations_database_url
printf 'redis://sessionscribe:%s@redis:6379/0\n' "$(cat redis_service_password)" | once redis_url
# The service's user has the commands of Celery and of the limits, and none that reads or changes the server.
once redis_config <<EOF
requirepass $(cat redis_password)
user sessionscribe on >$(cat redis_service_password) ~* &* -@all +@connection +@read +@write +@pubsub +@transaction +@blocking -@dangerous -@scripting -@admin +eval +evalsha +script|load +script|exists +time +info
bind * -::*
dir /data
appendonly yes
maxmemory-policy noeviction
EOF
once s3_config <<EOF
{"identities": [{"name": "sessionscribe", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
  "credentials": [{"accessKey": "$(cat s3_access_key_id)", "secretKey": "$(cat s3_secret_access_key)"}]}]}
EOF
if [ ! -e tls_key ]; then
  openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj "/CN=${HOST:-localhost}" \
    -addext "subjectAltName=DNS:${HOST:-localhost}" -keyout tls_key -out tls_certificate 2>/dev/null
fi
# Containers read them as other users; the folder keeps the host's other users out.
chmod 0700 . && chmod 0444 ./*
echo "The secrets are in $(pwd): keep them out of version control and out of the data's backups."
