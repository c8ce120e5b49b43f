"""Kinds of values in JSON that marshmallow does not have."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from marshmallow import ValidationError, fields, validate

from api.file_names import is_harmful

_EARLIEST, _LATEST = 1900, 2200  # years; beyond them a zone's offset may leave the calendar
_YEARS = r"^(19|20|21)\d\d-|^2200-"  # the same, as the OpenAPI document says it
_INVISIBLE = frozenset({"Zs", "Cf"})  # spaces, and marks without a shape of their own


class Text(fields.String):
    """What a person writes: trimmed, of at most ``longest`` characters, and fit to be kept and shown.

    ``may_be_empty`` takes nothing at all (never mere blanks), ``lines`` takes line breaks.
    """

    def __init__(
        self, longest: int, *, may_be_empty: bool = False, lines: bool = False, **options: Any
    ) -> None:
        super().__init__(validate=validate.Length(max=longest), **options)
        self._may_be_empty = may_be_empty
        self._lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if any(is_harmful(mark) and not (self._lines and mark in "\r\n") for mark in text):
            raise ValidationError("Holds control characters, direction marks or broken Unicode.")
        blank = all(mark.isspace() or unicodedata.category(mark) in _INVISIBLE for mark in text)
        if blank and not (self._may_be_empty and not text):
            raise ValidationError("Must not be blank.")
        return text.strip()


class Moment(fields.DateTime):
    """A time: RFC 3339 in UTC on the way out; on the way in a plain date is its midnight, UTC."""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={"pattern": _YEARS, **(metadata or {})}, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value)
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
