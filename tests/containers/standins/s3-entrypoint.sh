#!/bin/sh
# An S3 server in memory that checks no credentials: good enough to try the other services with.
exec /opt/moto/bin/moto_server --host 0.0.0.0 --port 8333
