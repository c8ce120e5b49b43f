"""Values that schemathesis cannot find by chance: read by its command line, not by pytest."""

import base64
import os
from datetime import datetime
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

PATIENT = "SCHEMATHESIS_PATIENT"  # the variable that names a patient of the owner

# A pattern narrows the years down to what nearly no random time has.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31)).map(lambda at: at.isoformat() + "Z"),  # noqa: DTZ001 - Hypothesis takes naive bounds
)


def metadata(name: str, speakers: int) -> str:
    """An ``Upload-Metadata`` with a patient who is there."""
    texts = {"filename": f"{name}.wav", "filetype": "audio/wav", "speakers": str(speakers)}
    texts["patient_id"] = os.environ.get(PATIENT, "")
    return ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in texts.items())


schemathesis.openapi.format(
    "tus-metadata", st.builds(metadata, st.from_regex(r"\A[a-z]{1,20}\Z"), st.integers(1, 6))
)

schemathesis.openapi.format(
    "tus-checksum",
    st.binary(min_size=20, max_size=20).map(lambda digest: f"sha1 {base64.b64encode(digest).decode()}"),
)

# A part of a resumable upload is bytes like any other.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: object) -> None:
    """Give each well-formed request an idempotency key of its own: one that came before is refused."""
    del context, kwargs
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if positive and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = uuid4().hex


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    """Leave out what violates the document by a header that it does not name: HTTP has those ignored."""
    del context
    return "x-schemathesis-unknown-property" not in (case.headers or {})
