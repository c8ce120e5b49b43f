"""Which engine transcribes: an upload's, else the practice's, else the server's.

An engine that sends recordings to computers of others is used only for a practice whose
administrator has said that they may leave, and for a patient who consents to that. The same goes for notes
that such an engine drafts.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries import practice_engines
from shared.db.tables.core import TherapySession
from shared.domain.consent import ConsentScope
from shared.domain.errors import Conflict, InvalidInput, PermanentStepError
from shared.services.access import consent
from shared.services.resources import Resources
from shared.settings import Settings
from shared.speech_models.catalogue import only_language


class NotOffered(InvalidInput):
    """The engine that was asked for is not one that this server has."""

    default_code = "transcriber_not_offered"


class UnsupportedLanguage(InvalidInput):
    """The recording's language is not one that the chosen transcriber knows."""

    default_code = "language_not_supported"


class MayNotLeave(Conflict):
    """The practice has not allowed recordings to go to computers of others."""

    default_code = "recordings_may_not_leave"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a practice chose: ``transcriber`` None is the server's, ``away``: recordings may leave."""

    transcriber: str | None = None
    away: bool = False


def check(resources: Resources, practice_id: UUID, wanted: str | None, language: str | None) -> None:
    """Raise NotOffered, MayNotLeave or UnsupportedLanguage if such an upload could not be transcribed."""
    with resources.database.transaction(practice_id) as db:
        choice = _choice(db, practice_id)
    name = chosen(resources.settings, choice, wanted)
    known = _only_language(resources.settings, name)
    if language and known and language.lower().partition("-")[0] != known:
        offered = resources.settings.offered_transcribers
        others = [other for other in offered if not _only_language(resources.settings, other)]
        way_out = (
            f"choose the transcriber {' or '.join(others)}"
            if others
            else ("its operator offers others with SESSIONSCRIBE_TRANSCRIBERS")
        )
        raise UnsupportedLanguage(
            f"The transcriber {name} knows English only: send `en`, or no language; for others, {way_out}.",
            fields={"language": ["Not a language that this transcriber knows."]},
        )


def _only_language(settings: Settings, name: str) -> str | None:
    """The single language that the transcriber knows; the others are left to say so themselves."""
    model = settings.whisper_model_of(name)
    return only_language(model) if model else None


def chosen(settings: Settings, choice: Choice, wanted: str | None) -> str:
    """The engine's name; raises NotOffered or MayNotLeave."""
    name = wanted or choice.transcriber or settings.transcriber
    if name not in settings.offered_transcribers:
        raise NotOffered(
            f"This server has no transcriber {name}; it has {', '.join(settings.offered_transcribers)}.",
            fields={"transcriber": ["Not a transcriber that this server offers."]},
        )
    if settings.sends_away(name):
        _require_away(choice, f"The transcriber {name}")
    return name


def for_session(resources: Resources, db: DbSession, row: TherapySession) -> str:
    """The engine that a worker is to use now; raises PermanentStepError where there is none any more.

    Without consent to sending away an engine on this server stands in, unless the upload named the other.
    """
    consent.require_for_step(db, row.patient_id, ConsentScope.RECORDING)
    try:
        name = chosen(resources.settings, _choice(db, row.practice_id), row.transcriber)
    except (NotOffered, MayNotLeave) as error:
        raise PermanentStepError(error.detail, error.code) from None
    if not resources.settings.sends_away(name):
        return name
    missing = consent.lacking_to_send_away(db, row.patient_id, row.id)
    stays = None if row.transcriber else stand_in(resources.settings, row.language)
    if missing and stays is None:
        raise PermanentStepError(*missing)
    return stays if missing and stays else name


def stand_in(settings: Settings, language: str | None) -> str | None:
    """The first engine that sends nothing away and knows the language."""
    wanted = (language or "").lower().partition("-")[0]
    for name in settings.offered_transcribers:
        known = _only_language(settings, name)
        if not settings.sends_away(name) and (not wanted or known in (None, wanted)):
            return name
    return None


def check_consent(resources: Resources, db: DbSession, patient_id: UUID, wanted: str | None) -> None:
    """Raise Conflict if an upload names an engine that sends away what must not leave."""
    if wanted is None or not resources.settings.sends_away(wanted):
        return
    if missing := consent.lacking_to_send_away(db, patient_id, None):
        raise Conflict(*missing)


def require_notes_may_be_drafted(resources: Resources, db: DbSession, row: TherapySession) -> None:
    """Raise PermanentStepError without consent to drafted notes, or where their engine may get nothing."""
    consent.require_for_step(db, row.patient_id, ConsentScope.AI_NOTES)
    if not resources.settings.sends_away(resources.settings.extractor):
        return
    try:
        _require_away(_choice(db, row.practice_id), "The engine that writes notes")
    except MayNotLeave as error:
        raise PermanentStepError(error.detail, error.code) from None
    if missing := consent.lacking_to_send_away(db, row.patient_id, row.id):
        raise PermanentStepError(*missing)


def _require_away(choice: Choice, subject: str) -> None:
    if not choice.away:
        raise MayNotLeave(
            f"{subject} sends what was said to computers of others, and this practice has not allowed that. "
            "An administrator allows it with `sessionscribe engines set --allow-away`, or choose another."
        )


def _choice(db: DbSession, practice_id: UUID) -> Choice:
    row = practice_engines.of_practice(db, practice_id)
    return Choice(row.transcriber, row.away_allowed_at is not None) if row else Choice()
