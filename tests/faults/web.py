"""The API as the product runs it, but for orders that it obeys."""

from flask import Flask

from api.app import create_app as create
from shared.services import erasing, stopping
from tests.faults import arming


def create_app() -> Flask:
    """What gunicorn runs."""
    arming.install()
    erasing.OWN_ATTEMPT_SECONDS = stopping.OWN_ATTEMPT_SECONDS = 1.0  # so that the dispatcher soon helps
    return create()
