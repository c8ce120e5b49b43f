"""The list of who saw a record, as a document for the patient."""

from datetime import UTC
from itertools import groupby

from shared.exports.shapes import Block, Line, Outline
from shared.services.audit_trail.access_log import AccessLog, Entry


def access_log_outline(found: AccessLog) -> Outline:
    """One block a day, newest first."""
    blocks = [
        Block(day, tuple(_line(entry) for entry in entries))
        for day, entries in groupby(found.entries, lambda entry: f"{entry.at.astimezone(UTC):%d %B %Y}")
    ]
    return Outline(
        title="Who saw this record",
        banner="FROM THE AUDIT TRAIL. Confidential.",
        is_final=True,
        facts=(
            ("Patient", found.patient or str(found.patient_id)),
            ("Entries", str(len(found.entries))),
            ("Times", "UTC"),
        ),
        blocks=tuple(blocks) or (Block("Entries", (Line("None in this time."),)),),
    )


def _line(entry: Entry) -> Line:
    return Line(f"{entry.at.astimezone(UTC):%H:%M}  {entry.sentence}", is_item=True)
