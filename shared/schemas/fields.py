"""Kinds of values in JSON that marshmallow does not have."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from marshmallow import ValidationError, fields, validate

from shared.schemas.file_names import is_harmful

_EARLIEST, _LATEST = 1900, 2200  # years; beyond them a zone's offset may leave the calendar
_YEARS = r"^(19|20|21)\d\d-|^2200-"  # the same, as the OpenAPI document says it
_INVISIBLE = frozenset({"Zs", "Cf"})  # spaces, and marks without a shape of their own
# What ``is_harmful`` and ``_is_blank`` tell, as classes of a pattern; a test compares them.
_HARMFUL = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_HARMFUL_IN_LINES = _HARMFUL.replace(r"\u0000-\u001f", r"\u0000-\u0009\u000b\u000c\u000e-\u001f")
_BLANK = (
    r" \u0009-\u000d\u00a0\u00ad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e\u2000-\u200d\u202f"
    r"\u205f-\u2064\u206a-\u206f\u3000\ufeff\ufff9-\ufffb"
)
# Of what form the name of a transcriber is; which there are the settings say.
ENGINE_NAME = r"^[a-z][A-Za-z0-9:._-]{0,99}$"


def is_blank(mark: str) -> bool:
    """Whether the character is invisible."""
    return mark.isspace() or unicodedata.category(mark) in _INVISIBLE


def text_pattern(*, may_be_empty: bool = False, lines: bool = False) -> str:
    """What ``Text`` takes, for the OpenAPI document; in words that Python and ECMA-262 share.

    It says nothing of the invisible marks beyond U+FFFF, which the two write differently.
    """
    harmful = _HARMFUL_IN_LINES if lines else _HARMFUL
    seen = f"[^{harmful}]*[^{_HARMFUL}{_BLANK}][^{harmful}]*"
    return f"^({seen})?$" if may_be_empty else f"^{seen}$"


class Text(fields.String):
    """What a person writes: trimmed, of at most ``longest`` characters, and fit to be kept and shown.

    ``may_be_empty`` takes nothing at all (never mere blanks), ``lines`` takes line breaks.
    """

    def __init__(
        self,
        longest: int,
        *,
        may_be_empty: bool = False,
        lines: bool = False,
        metadata: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        metadata = {"pattern": text_pattern(may_be_empty=may_be_empty, lines=lines), **(metadata or {})}
        super().__init__(validate=validate.Length(max=longest), metadata=metadata, **options)
        self._may_be_empty = may_be_empty
        self._lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        # Composed, so that what looks the same is found as the same: macOS writes names decomposed.
        text = unicodedata.normalize("NFC", str(super()._deserialize(value, attr, data, **kwargs)))
        if any(is_harmful(mark) and not (self._lines and mark in "\r\n") for mark in text):
            raise ValidationError("Holds control characters, direction marks or broken Unicode.")
        if all(map(is_blank, text)) and not (self._may_be_empty and not text):
            raise ValidationError("Must not be blank.")
        return text.strip()


class Whole(fields.Integer):
    """A whole number, however JSON writes it (2, 2.0), and nothing that only looks like one ("2", true)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        written_so = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not written_so:
            raise self.make_error("invalid")
        return super()._deserialize(int(value), attr, data, **kwargs)


class YesNo(fields.Boolean):
    """JSON's true or false alone: marshmallow's own takes "yes" and 1 too, which no schema tells."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Word(fields.String):
    """Text of one form. ``pattern`` is as the document says it, from ``^`` to ``$``."""

    def __init__(self, pattern: str, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        whole = validate.Regexp(pattern.removesuffix("$") + r"\Z")  # Python's $ lets a line break follow
        super().__init__(validate=whole, metadata={"pattern": pattern, **(metadata or {})}, **options)


class Moment(fields.DateTime):
    """A time: RFC 3339 in UTC on the way out; on the way in what names no zone is read as UTC.

    A plain date is its midnight.
    """

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={"pattern": _YEARS, **(metadata or {})}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            # RFC 3339 takes a lower-case t and z too, Python does not.
            found = datetime.fromisoformat(value.upper() if isinstance(value, str) else value)
            if isinstance(value, str) and len(value) <= len("2026-01-31"):
                found = datetime.combine(date.fromisoformat(value), time())
        except (TypeError, ValueError):
            raise ValidationError("Not a valid date or RFC 3339 time.") from None
        if not _EARLIEST <= found.year <= _LATEST:
            raise ValidationError(f"The year must be from {_EARLIEST} to {_LATEST}.")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class AsStored(fields.Nested):
    """Documented as its schema, handed out as it was stored (it was checked when it was made)."""

    def _serialize(self, *arguments: Any, **_: Any) -> Any:
        return arguments[0]  # the value; marshmallow names it differently from class to class
