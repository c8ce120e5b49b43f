# One image for every process of the Procfile. Pinned: the base by digest, every package by hash.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm@sha256:d29f48a31a8b408ed19272ca1e7b10ebae13b240a27e862d3d4217c528e2e0c3

FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
COPY requirements/tools.lock requirements/runtime.lock requirements/speech.lock requirements/
RUN python3 -m venv /tools \
 && /tools/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/tools.lock \
 && python3 -m venv --without-pip /opt/sessionscribe \
 && /tools/bin/uv pip install --no-cache --quiet --python /opt/sessionscribe/bin/python --require-hashes --only-binary :all: -r requirements/runtime.lock \
 && /tools/bin/uv pip install --no-cache --quiet --python /opt/sessionscribe/bin/python --no-deps --require-hashes --only-binary :all: -r requirements/speech.lock
# More packages, for example --build-arg EXTRA=otel
ARG EXTRA=
COPY requirements requirements
RUN if [ -n "$EXTRA" ]; then \
      /tools/bin/uv pip install --no-cache --quiet --python /opt/sessionscribe/bin/python --require-hashes --only-binary :all: -r "requirements/$EXTRA.lock"; \
    fi
COPY . .
# Editable, so that the media child, which is started without an environment, finds /app as well.
RUN /tools/bin/uv pip install --quiet --python /opt/sessionscribe/bin/python -r requirements/tools.lock --require-hashes --only-binary :all: \
 && /tools/bin/uv pip install --quiet --python /opt/sessionscribe/bin/python --no-deps --no-build-isolation --editable . \
 && /opt/sessionscribe/bin/sessionscribe models path tiny.en \
 && /tools/bin/uv pip uninstall --quiet --python /opt/sessionscribe/bin/python setuptools uv \
 && /opt/sessionscribe/bin/python -m compileall -q /app /opt/sessionscribe/lib

FROM ${PYTHON_IMAGE}
# No installer and no compiler in what runs; the folders give their owner to the volumes mounted there.
RUN (python3 -m pip uninstall --quiet --yes pip setuptools wheel 2>/dev/null || true) \
 && groupadd --gid 10001 sessionscribe \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin sessionscribe \
 && install -d -o 10001 -g 10001 -m 0700 /keys /recordings
COPY --from=build /opt/sessionscribe /opt/sessionscribe
COPY --from=build /app /app
ENV PATH=/opt/sessionscribe/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SESSIONSCRIBE_KEYS_DIR=/keys
WORKDIR /app
USER 10001:10001
CMD ["gunicorn", "serving.app:create_app()", "--bind", "0.0.0.0:8000", "--worker-class", "api.server.gunicorn_worker.QuietThreadWorker", "--workers", "2", "--threads", "16", "--timeout", "120", "--graceful-timeout", "10", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--config", "python:serving.preloading", "--log-level", "warning"]
