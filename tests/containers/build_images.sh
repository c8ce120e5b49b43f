#!/bin/sh
# Builds the image that the tests marked `docker` run, without any image registry: Debian packages
# by debootstrap, Python packages from the lock. Needs root, debootstrap and a Docker engine.
#
#   sh tests/containers/build_images.sh
#
# UV and PYTHON name the tools to use (default: those of .venv), MIRROR a Debian mirror. The
# Debian base is made once and kept as an image of its own; the rest takes seconds.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
uv=${UV:-$root/.venv/bin/uv}
python=${PYTHON:-$root/.venv/bin/python}
mirror=${MIRROR:-http://deb.debian.org/debian}
base=sessionscribe-test-base:bookworm
image=sessionscribe-test:latest

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! docker image inspect "$base" >/dev/null 2>&1; then
  debootstrap --variant=minbase --include=python3,redis-server bookworm "$work/base" "$mirror"
  tar -C "$work/base" --exclude=./var/cache/apt --exclude=./var/lib/apt/lists --one-file-system -c . \
    | docker import - "$base" >/dev/null
fi

# Debian bookworm runs Python 3.11; the lock holds the wheels of every Python that is supported.
"$uv" pip install --quiet --target "$work/context/site-packages" --python "$python" \
  --python-version 3.11 --require-hashes --only-binary :all: -r "$root/requirements/runtime.lock"
mkdir "$work/context/app"
for part in api workers shared migrations cli embedded celeryconfig.py; do
  cp -R "$root/$part" "$work/context/app/"
done
docker build --quiet --tag "$image" --file "$root/tests/containers/Dockerfile" "$work/context"
