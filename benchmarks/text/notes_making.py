"""Notes made as workers make them: the draft, united with the screen, verified, put into a template."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.text.labelled_sets import Session
from shared.domain.notes.drafts import checked
from shared.domain.notes.templates import rendered
from shared.domain.notes.values import Notes
from shared.domain.template_forms import BUILT_IN, DEFAULT
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.domain.verification.risk import ALERT, levelled
from workers.engines.rules import RulesExtractor
from workers.engines.screen.screening import RiskScreen, load_model

Figures = dict[str, Any]
ALERT_FROM = "high"  # the default of SESSIONSCRIBE_RISK_ALERT_SEVERITY
_screen = RiskScreen(load_model)


@dataclass(frozen=True)
class Read:
    """A session with its notes, the alerts that were raised, and the seconds that it took."""

    session: Session
    notes: JsonObject
    alerts: list[JsonObject]
    seconds: float


def notes_of(transcript: Transcript) -> tuple[JsonObject, list[JsonObject]]:
    """The notes of ``transcript`` and the findings that raise an alert, as workers make them."""
    screened = _screen(transcript)
    draft = Notes.of(RulesExtractor().extract(transcript, ExtractionRequest()))
    held = checked(draft, transcript, screened.flags, readers=screened.readers, alert_severity=ALERT_FROM)
    notes = rendered(held, BUILT_IN[DEFAULT], transcript)
    judged = levelled([*screened.flags, *notes.flags], ALERT_FROM)
    return notes.document, [flag.document for flag in judged if flag.text("level") == ALERT]


def read_all(found: Iterable[Session]) -> list[Read]:
    """The notes of every session, each timed."""
    made = []
    for session in found:
        began = time.process_time()
        notes, alerts = notes_of(session.transcript)
        made.append(Read(session, notes, alerts, time.process_time() - began))
    return made


def share(part: int, whole: int) -> float | None:
    """``part`` of ``whole``, or None of nothing."""
    return round(part / whole, 3) if whole else None
