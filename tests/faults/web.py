"""The API as the product runs it, but for orders that it obeys."""

from flask import Flask

from api.app import create_app as create
from tests.faults import arming


def create_app() -> Flask:
    """What gunicorn runs."""
    arming.install()
    return create()
