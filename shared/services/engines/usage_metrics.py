"""What engines took, counted for operators in the transaction that keeps what they gave."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.work import counters
from shared.domain.values import JsonObject, Usage

AUDIO, TOKENS, MICRODOLLARS = "engine.audio", "engine.tokens", "engine.microdollars"


def count_transcript(db: DbSession, session_id: UUID, usages: Iterable[Usage]) -> None:
    """Count calls, seconds of audio and estimated dollars of a transcript, by engine."""
    for usage in sorted(usages, key=lambda usage: usage.engine):
        seconds, calls = usage.audio_seconds, usage.calls
        counters.add(db, AUDIO, session_id, step=usage.engine, seconds=seconds, count=calls)
        _count_dollars(db, session_id, usage.engine, usage.cost_usd)


def count_notes(db: DbSession, session_id: UUID, notes: JsonObject) -> None:
    """Count tokens and estimated dollars of notes, as far as their provenance tells of them."""
    provenance: dict[str, Any] = notes.get("provenance") or {}
    engine = provenance.get("engine")
    if not engine:
        return
    _count_dollars(db, session_id, engine, provenance.get("cost_usd"))
    for code in ("input", "output"):
        if tokens := provenance.get(f"{code}_tokens"):
            counters.add(db, TOKENS, session_id, step=engine, code=code, count=tokens)


def _count_dollars(db: DbSession, session_id: UUID, engine: str, cost_usd: float | None) -> None:
    if cost_usd is not None:
        counters.add(db, MICRODOLLARS, session_id, step=engine, count=round(cost_usd * 1_000_000))
