"""From an engine's draft to notes that may be shown: united, verified, weighed."""

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.notes.client_summary import without_client_summary
from shared.domain.notes.completeness import completeness
from shared.domain.notes.items import Item
from shared.domain.notes.review import review_reasons
from shared.domain.notes.stored import SCHEMA_VERSION
from shared.domain.notes.values import Notes
from shared.domain.values import Transcript
from shared.domain.verification.evidence import verified
from shared.domain.verification.risk import LOCAL_MODEL, RULES, levelled, with_risk_flags


def checked(
    draft: Notes,
    transcript: Transcript,
    screened: Sequence[Item],
    *,
    readers: Sequence[str] = (RULES, LOCAL_MODEL),
    alert_severity: str = "high",
) -> Notes:
    """``draft`` with the screen's risk flags, each claim verified, and what is missing or odd listed.

    ``readers`` are those that the screen had; findings of ``alert_severity`` and above are alerts.
    """
    # An engine that was asked for risk alone says whether that worked.
    all_readers = (*readers, *(draft.risk_readers or ()))
    notes = verified(replace(with_risk_flags(draft, screened), risk_readers=all_readers), transcript)
    notes = notes.having({"risk_flags": levelled(notes.flags, alert_severity)})
    notes = without_client_summary(notes)
    notes = notes.with_reasons(review_reasons(notes, transcript, screened))
    return notes.keeping(schema_version=SCHEMA_VERSION, completeness=completeness(notes, transcript))
