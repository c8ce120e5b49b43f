"""gunicorn's configuration: the parent loads the application once, and its children share that memory.

Named by ``--config python:serving.preloading``. gunicorn's own ``--preload`` would also make the application
in the parent, and neither connections nor threads survive a fork.
"""

from importlib import import_module

from shared.services.operations import startup


def when_ready(server: object) -> None:
    """Load before the first fork, but after it listens: early requests wait instead of being refused."""
    import_module("serving.app")
    startup.prepare_to_fork()
