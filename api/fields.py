"""Kinds of values in JSON that marshmallow does not have."""

from datetime import UTC, date, datetime, time
from typing import Any

from marshmallow import ValidationError, fields

_EARLIEST, _LATEST = 1900, 2200  # years; beyond them a zone's offset may leave the calendar


class Moment(fields.DateTime):
    """A time: RFC 3339 in UTC on the way out; on the way in a plain date is its midnight, UTC."""

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
