"""The HTTP entrance: ``gunicorn 'api.app:create_app()'``."""

import os
import time
from contextlib import closing

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from api import auth
from api.dependencies import build_resources
from api.http import problems as errors
from api.http import requests, security_headers
from api.openapi import pages as docs
from api.openapi.document import make_api
from api.resources import engines, health, keys, preferences, provider_roles, therapists, webhooks
from api.resources.privacy import (
    access_log,
    audit,
    consent_heard,
    consents,
    emergency,
    holds,
    packages,
    part2,
    report,
    retention,
    rights,
    supervision,
)
from api.resources.recordings import (
    audio,
    direct_uploads,
    events,
    off_record,
    sessions,
    speakers,
    upload_limits,
    uploads,
    vocabulary,
)
from api.resources.recordings import history as operations
from api.resources.recordings import session_lifecycle as lifecycle
from api.resources.recordings import transcripts as outputs
from api.resources.records import (
    alerts,
    client_summaries,
    notes,
    patients,
    process_notes,
    templates,
    unsaved_edits,
)
from api.uploads import at_once, query, tus
from api.uploads.form import OVERHEAD_BYTES
from shared import logs
from shared.db.connection.engine import Database
from shared.http import rate_limits
from shared.http.lazy_rules import LazyRule
from shared.outbound import traces
from shared.services.operations import startup
from shared.services.resources import Resources
from shared.settings import Settings, load

# Of every body but an upload, which has its own, larger limit.
_MAX_BODY_BYTES = 1024 * 1024
# In the order of the OpenAPI document.
_ROUTES = (
    health,
    keys,
    engines,
    therapists,
    preferences,
    provider_roles,
    patients,
    consents,
    consent_heard,
    part2,
    rights,
    packages,
    emergency,
    supervision,
    sessions,
    uploads,
    direct_uploads,
    upload_limits,
    outputs,
    client_summaries,
    notes,
    unsaved_edits,
    process_notes,
    templates,
    speakers,
    audio,
    lifecycle,
    events,
    off_record,
    vocabulary,
    webhooks,
    alerts,
    holds,
    retention,
    operations,
    audit,
    access_log,
    report,
)
_PATIENCE_SECONDS = 30.0


def create_app(resources: Resources | None = None) -> Flask:
    """The application. Without ``resources`` it builds its own from the environment.

    Raises SettingsError for bad settings and RuntimeError if a route declares no policy.
    """
    if resources is None:
        settings = load(os.environ)
        logs.configure("api", settings.log_level)
        _wait_for_keys(settings)
        traces.install(settings.traces_endpoint, "api")
        resources = build_resources(settings)
    app = _bare_app(resources.settings)
    app.extensions["sessionscribe"] = resources
    health.install(app, resources)
    requests.install(app)
    security_headers.install(app)
    errors.install(app)
    app.before_request(auth.refuse_keys_in_urls)
    app.before_request(auth.check_caller)
    app.before_request(requests.refuse_malformed_ids)
    api = make_api(app)
    for routes in _ROUTES:
        api.register_blueprint(routes.blueprint)
    docs.install(app, api)
    at_once.install(app, resources.settings.uploads_at_once)
    rate_limits.install(app, resources.settings)
    query.install(app)
    auth.require_policies(app)
    tus.install(app)
    return app


def _bare_app(settings: Settings) -> Flask:
    """The application without routes."""
    app = Flask("sessionscribe", static_folder=None)
    app.url_rule_class = LazyRule
    app.config.update(
        MAX_CONTENT_LENGTH=_MAX_BODY_BYTES,
        # Every call refuses a body that declares more, so the server need not wait for it.
        MOST_BODY_BYTES=settings.max_upload_bytes + OVERHEAD_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    as_written = DefaultJSONProvider(app)
    as_written.sort_keys = False  # documents read best in the order they are written in
    app.json = as_written
    app.url_map.strict_slashes = False  # neither spelling of a list is answered with a redirect
    app.url_map.merge_slashes = False
    return app


def _wait_for_keys(settings: Settings) -> None:
    """On a cold machine the API may come before the key store; raises NotYet after half a minute.

    Postgres is not waited for: requests answer 503 until it is there.
    """
    over_at = time.monotonic() + _PATIENCE_SECONDS
    with closing(Database(settings.database_url, pool_size=1)) as database:
        startup.wait_for(
            lambda: startup.keys_ready(settings.keys_dir, database, settings.root_key_command),
            lambda: time.monotonic() > over_at,
        )
