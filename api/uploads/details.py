"""What comes with a recording, however it is uploaded."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.http.problems import Malformed
from shared.services.uploads.registration import UploadDetails

# A session that is dated later is one whose year was mistyped.
_FURTHEST_AHEAD = timedelta(days=366)


def details_of(file_name: str, declared_type: str | None, values: Mapping[str, Any]) -> UploadDetails:
    """The details from the values of ``UploadFormSchema``; raises Malformed."""
    if values.get("patient_id") is None:
        raise Malformed(
            "Say whose session this is.", fields={"patient_id": ["Missing data for required field."]}
        )
    now = datetime.now(UTC)
    with_date = {"session_date": now, **values}
    if with_date["session_date"] > now + _FURTHEST_AHEAD:
        raise Malformed(
            "The session's date lies more than a year ahead. Check the year.",
            fields={"session_date": ["Lies more than a year ahead."]},
        )
    return UploadDetails(file_name=file_name, declared_type=declared_type, **with_date)
