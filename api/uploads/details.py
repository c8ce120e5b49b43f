"""What comes with a recording, however it is sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from api.auth import caller, resources
from api.http.problems import Malformed
from shared.services.uploads import joining
from shared.services.uploads.registration import UploadDetails

_MOST_AHEAD = timedelta(days=2)  # zones are up to 14 hours ahead, and clocks may be wrong


def details_of(file_name: str, declared_type: str | None, values: Mapping[str, Any]) -> UploadDetails:
    """What came with a recording, from the values of ``UploadFormSchema``; raises Malformed.

    For one that joins a session also NotFound and Conflict, where it may not.
    """
    if values.get("joins") is not None:
        return _joining(file_name, declared_type, values)
    if values.get("patient_id") is None:
        missing = {"patient_id": ["Missing data for required field."]}
        raise Malformed("Say whose session this is.", fields=missing)
    now = datetime.now(UTC)
    with_date = {"session_date": now, **values}
    if with_date["session_date"] > now + _MOST_AHEAD:
        future = {"session_date": ["Is still to come."]}
        raise Malformed("The date of the session is still to come.", fields=future)
    return UploadDetails(file_name=file_name, declared_type=declared_type, **with_date)


def patient_of(session_id: UUID, values: Mapping[str, Any]) -> UUID:
    """The patient of the session that a recording is to join, if it may; raises as ``details_of``."""
    others = set(values) - {"joins", "patient_id"}
    if others:
        fields = {name: ["Is the session's already."] for name in sorted(others)}
        raise Malformed("With `joins` send the file alone: the rest is the session's.", fields=fields)
    patient_id = joining.require(resources(), caller(), session_id).patient_id
    if values.get("patient_id") not in (None, patient_id):
        raise Malformed("The session is another patient's.", fields={"joins": ["Is another patient's."]})
    return patient_id


def _joining(file_name: str, declared_type: str | None, values: Mapping[str, Any]) -> UploadDetails:
    session_id: UUID = values["joins"]
    patient_id = patient_of(session_id, values)
    # The date is the session's: no other is kept.
    return UploadDetails(patient_id, datetime.now(UTC), file_name, declared_type, joins=session_id)
