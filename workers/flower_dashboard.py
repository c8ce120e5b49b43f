"""Flower with a password for all of it: ``python -m workers.flower_dashboard --address=… --port=…``.

Flower's own command opens ``/metrics`` and ``/healthcheck`` to everybody, in any configuration, and every
page where no password is. Arguments are Flower's.
"""

import os
import sys
from collections.abc import Mapping

from shared import parsing
from shared.queue import make_app
from shared.settings import load

LOGIN = "FLOWER_BASIC_AUTH"


def login_of(environment: Mapping[str, str]) -> str:
    """The login, as ``user:password`` (several with commas); raises ValueError where there is none."""
    login = parsing.raw_value(environment, LOGIN)
    pairs = [pair.partition(":") for pair in login.split(",")]
    if not all(user and password for user, _, password in pairs):
        raise ValueError(f"must be user:password. Set {LOGIN} or {LOGIN}_FILE")
    return login


def require_login_everywhere() -> None:
    """Have every handler of Flower ask for the login, before it does anything else."""
    from flower.api import BaseApiHandler
    from flower.views import BaseHandler
    from tornado.web import HTTPError, RequestHandler

    def prepare(handler: RequestHandler) -> None:
        if not handler.current_user:  # itself raises a 401 where there is no good basic login
            raise HTTPError(401)

    for kind in (BaseHandler, BaseApiHandler):  # all the others inherit from these
        kind.prepare = prepare


def main() -> None:
    """Run Flower until it is stopped, or end with a sentence where it has no password."""
    try:
        os.environ[LOGIN] = login_of(os.environ)
    except ValueError as error:
        sys.exit(f"{LOGIN} {error}")
    os.environ.pop(f"{LOGIN}_FILE", None)
    require_login_everywhere()
    # Not the workers' own application, which brings database and tasks: Flower reads the broker only.
    app = make_app(load(os.environ).redis_url)
    app.set_default()
    app.start(["--quiet", "flower", *sys.argv[1:]])


if __name__ == "__main__":
    main()
