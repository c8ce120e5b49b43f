"""The API as the product runs it, but for orders that it obeys."""

from flask import Flask

from serving.app import create_app as create
from shared.services.lifecycle import cancellation, deletion
from tests.faults import arming


def create_app() -> Flask:
    """What gunicorn runs."""
    arming.install()
    deletion.OWN_ATTEMPT_SECONDS = cancellation.OWN_ATTEMPT_SECONDS = 1.0  # so that the dispatcher soon helps
    return create()
