"""From an engine's draft to notes that may be shown: united, verified, weighed."""

from collections.abc import Sequence

from shared.domain.notes.client_summary import without_client_summary
from shared.domain.notes.completeness import completeness
from shared.domain.notes.review import review_reasons
from shared.domain.notes.stored import SCHEMA_VERSION
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.evidence import verify
from shared.domain.verification.risk import LOCAL_MODEL, RULES, with_levels, with_risk_flags


def checked(
    draft: JsonObject,
    transcript: Transcript,
    screened: Sequence[JsonObject],
    *,
    readers: Sequence[str] = (RULES, LOCAL_MODEL),
    alert_severity: str = "high",
) -> JsonObject:
    """``draft`` with the screen's risk flags, each claim verified, and what is missing or odd listed.

    ``readers`` are those that the screen had; findings of ``alert_severity`` and above are alerts.
    """
    united = {**with_risk_flags(draft, screened), "risk_readers": list(readers)}
    notes = verify(united, transcript)
    notes["risk_flags"] = with_levels(notes["risk_flags"], alert_severity)
    notes = without_client_summary(notes)
    reasons = review_reasons(notes, transcript, screened)
    return {
        **notes,
        "schema_version": SCHEMA_VERSION,
        "completeness": completeness(notes, transcript),
        "needs_review": bool(reasons),
        "review_reasons": reasons,
    }
