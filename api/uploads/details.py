"""What comes with a recording, however it is sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.http.problems import Malformed
from shared.services.uploads.registration import UploadDetails

_MOST_AHEAD = timedelta(days=2)  # zones are up to 14 hours ahead, and clocks may be wrong


def details_of(file_name: str, declared_type: str | None, values: Mapping[str, Any]) -> UploadDetails:
    """What came with a recording, from the values of ``UploadFormSchema``; raises Malformed."""
    if values.get("patient_id") is None:
        missing = {"patient_id": ["Missing data for required field."]}
        raise Malformed("Say whose session this is.", fields=missing)
    now = datetime.now(UTC)
    with_date = {"session_date": now, **values}
    if with_date["session_date"] > now + _MOST_AHEAD:
        future = {"session_date": ["Is still to come."]}
        raise Malformed("The date of the session is still to come.", fields=future)
    return UploadDetails(file_name=file_name, declared_type=declared_type, **with_date)
