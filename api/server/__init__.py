"""The gunicorn worker: connections, bodies, slow clients. It knows nothing of sessions."""
