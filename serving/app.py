"""The HTTP entrance: ``gunicorn 'serving.app:create_app()'``."""

from flask import Flask

from api import app as api
from serving import form_upload
from shared.http import access
from shared.services.resources import Resources
from web import app as web


def create_app(resources: Resources | None = None) -> Flask:
    """The API and the pages. Without ``resources`` it builds its own from the environment.

    Raises SettingsError for bad settings and RuntimeError if a route declares no policy.
    """
    app = api.create_app(resources)
    web.install(app)
    app.register_blueprint(form_upload.blueprint)
    access.require_policies(app)
    return app
