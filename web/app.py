"""The pages as a part of the application."""

from flask import Flask
from jinja2 import StrictUndefined

from web import static_files, translation, words
from web.blueprints import BLUEPRINTS


def install(app: Flask) -> None:
    """Serve all pages, and the files that they use."""
    static_files.install(app)
    translation.install(app)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(words.FILTERS)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
