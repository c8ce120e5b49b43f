"""Fields of forms that were sent: checked as the API checks them, with a sentence where they are wrong."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from uuid import UUID

from flask import redirect, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from shared.domain.errors import InvalidInput
from shared.schemas.fields import Text
from web.translation import gettext

_BACK = ("/today", "/sessions/", "/patients", "/people", "/templates", "/vocabulary", "/supervision")


def text(name: str, title: str, longest: int, *, lines: bool = False) -> str:
    """A text that must be there; raises InvalidInput, which names the field by its ``title``."""
    given = request.form.get(name, "")
    try:
        return str(Text(longest, lines=lines).deserialize(given))
    except ValidationError as error:
        message = str(error.messages[0]) if isinstance(error.messages, list) else gettext("Not valid.")
        raise InvalidInput(f"{title}: {message}", fields={name: [message]}) from None


def optional_text(name: str, title: str, longest: int, *, lines: bool = False) -> str | None:
    """As ``text``; None for a field that is empty or missing."""
    return text(name, title, longest, lines=lines) if request.form.get(name, "").strip() else None


def texts(name: str, title: str, longest: int, *, most: int) -> list[str]:
    """Texts, each on a line of its own; raises InvalidInput."""
    given = [line for line in request.form.get(name, "").splitlines() if line.strip()]
    if len(given) > most:
        raise InvalidInput(gettext("%(title)s: send at most %(most)s lines.", title=title, most=most))
    try:
        return [str(Text(longest).deserialize(line)) for line in given]
    except ValidationError:
        raise InvalidInput(
            gettext(
                "%(title)s: send lines of at most %(longest)s plain characters.", title=title, longest=longest
            )
        ) from None


def number(name: str, title: str, *, least: int = 0, most: int = 999_999_999) -> int:
    """A whole number within bounds; raises InvalidInput."""
    given = request.form.get(name, "").strip()
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise InvalidInput(gettext("%(title)s: send a whole number.", title=title))
    if not least <= int(given) <= most:
        raise InvalidInput(
            gettext(
                "%(title)s: send a number from %(least)s to %(most)s.", title=title, least=least, most=most
            )
        )
    return int(given)


def day(name: str, title: str) -> datetime:
    """A day as its midnight, UTC; raises InvalidInput."""
    try:
        return datetime.combine(date.fromisoformat(request.form.get(name, "")), time(), UTC)
    except ValueError:
        raise InvalidInput(
            gettext("%(title)s: choose a day.", title=title), fields={name: [gettext("Choose a day.")]}
        ) from None


def identifier(name: str, title: str) -> UUID:
    """An id; raises InvalidInput."""
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        raise InvalidInput(gettext("%(title)s: choose one of the list.", title=title)) from None


def choice(name: str, title: str, allowed: Collection[str]) -> str:
    """One of the words that the form offers; raises InvalidInput."""
    given = request.form.get(name, "")
    if given not in allowed:
        raise InvalidInput(gettext("%(title)s: choose one of the list.", title=title))
    return given


def see(path: str) -> Response:
    """To a page, after a form was sent."""
    return redirect(path, 303)


def back(otherwise: str) -> Response:
    """To the page that the form says it came from, if it is one of ours."""
    wanted = request.form.get("back", "")
    is_ours = wanted.startswith(_BACK) and "//" not in wanted and "\\" not in wanted and wanted.isprintable()
    return see(wanted if is_ours else otherwise)


def utc_day(text: str) -> datetime:
    """The beginning of a day that an address names, in UTC; raises ValueError."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
