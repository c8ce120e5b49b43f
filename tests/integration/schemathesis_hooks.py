"""Values that schemathesis cannot find by chance: read by its command line, not by pytest."""

from datetime import datetime

import schemathesis
from hypothesis import strategies as st

# A pattern narrows the years down to what nearly no random time has.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31)).map(lambda at: at.isoformat() + "Z"),  # noqa: DTZ001 - Hypothesis takes naive bounds
)

# A part of a resumable upload is bytes like any other.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
