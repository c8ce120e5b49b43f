"""A practice's choice of speech engine, its vocabulary, and whether recordings may leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries import practice_engines as rows
from shared.db.tables.engines import PracticeEngines
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.engines.engine_choice import Choice, chosen
from shared.services.resources import Resources
from shared.vault.sealing import Subject

VOCABULARY = "practice.vocabulary"
MOST_WORDS, LONGEST_WORD = 500, 100


@dataclass(frozen=True, slots=True, repr=False)
class Engines:
    """What a practice chose, beside what the server offers.

    ``transcriber`` None: the server's own choice, ``usual``. ``vocabulary``: words that its
    engines are to expect, with those of each upload. ``away_allowed_at``: None if recordings
    may not leave.
    """

    offered: tuple[str, ...]
    sends_away: tuple[str, ...]
    usual: str
    transcriber: str | None = None
    vocabulary: tuple[str, ...] = ()
    away_allowed_at: datetime | None = None
    away_allowed_by: UUID | None = None


def get(resources: Resources, caller: Caller) -> Engines:
    """The caller's practice's choice."""
    with resources.database.transaction(caller.practice_id) as db:
        accounts.record(db, caller.practice_id, "engines.read", None, caller)
        return _shown(resources, rows.of_practice(db, caller.practice_id))


def change(resources: Resources, caller: Caller, changes: Mapping[str, Any]) -> Engines:
    """Set what ``changes`` holds: ``transcriber``, ``vocabulary``, ``away_allowed``.

    Whether recordings may leave is written to the audit trail under a name of its own. Raises
    NotOffered, and MayNotLeave for a transcriber that would send away what may not leave.
    """
    practice_id = caller.practice_id
    sealed = None
    if changes.get("vocabulary"):
        resources.vault.keys.create(practice_id, practice_id)
        words = list(changes["vocabulary"])
        sealed = resources.vault.seal(Subject(practice_id, practice_id), VOCABULARY, words)
    with resources.database.transaction(practice_id) as db:
        row = rows.hold(db, practice_id)
        if "vocabulary" in changes:
            row.vocabulary = sealed
        if "away_allowed" in changes:
            _allow(db, caller, row, changes["away_allowed"])
        if "transcriber" in changes:
            row.transcriber = changes["transcriber"]
        if row.transcriber is not None:
            chosen(resources.settings, Choice(row.transcriber, row.away_allowed_at is not None), None)
        accounts.record(db, practice_id, "engines.change", None, caller)
        db.flush()
        return _shown(resources, row)


def _allow(db: DbSession, caller: Caller, row: PracticeEngines, allowed: bool) -> None:
    if allowed == (row.away_allowed_at is not None):
        return
    row.away_allowed_at = clock.now(db) if allowed else None
    row.away_allowed_by = caller.therapist_id if allowed else None
    action = "engines.away_allowed" if allowed else "engines.away_forbidden"
    accounts.record(db, caller.practice_id, action, None, caller)


def vocabulary(resources: Resources, db: DbSession, practice_id: UUID) -> tuple[str, ...]:
    """The words that the practice's engines are to expect."""
    return _words(resources, rows.of_practice(db, practice_id))


def _words(resources: Resources, row: PracticeEngines | None) -> tuple[str, ...]:
    if row is None or row.vocabulary is None:
        return ()
    own = Subject(row.practice_id, row.practice_id)
    return tuple(resources.vault.open(own, VOCABULARY, row.vocabulary))


def _shown(resources: Resources, row: PracticeEngines | None) -> Engines:
    settings = resources.settings
    offered = settings.offered_transcribers
    away = tuple(name for name in offered if settings.sends_away(name))
    if row is None:
        return Engines(offered, away, settings.transcriber)
    return Engines(
        offered,
        away,
        settings.transcriber,
        row.transcriber,
        _words(resources, row),
        row.away_allowed_at,
        row.away_allowed_by,
    )
