"""Words that a therapist's recordings are to expect; a word that was corrected twice is offered.

Offers are worked out of the corrections, which are sealed under their sessions' keys: a session that is
deleted leaves none. They are the therapist's alone: administrators, who see the practice's words, do not
read what was said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import vocabulary as rows
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.engines import TherapistWords
from shared.domain.errors import Conflict, NotFound
from shared.domain.transcripts.corrections import corrections_from_json
from shared.domain.transcripts.replaced_words import Offer, offers
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.engines import practice_engines
from shared.services.engines.practice_engines import MOST_WORDS
from shared.services.resources import Resources
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject, Vault

KIND = "therapist.words"
_SESSIONS = 100  # with corrections, the latest: what a page can wait for
_MOST_DISMISSED = 1000


@dataclass(frozen=True, slots=True, repr=False)
class Vocabulary:
    """The therapist's own words, those of the practice, and what is offered."""

    words: tuple[str, ...]
    practice: tuple[str, ...]
    offers: Sequence[Offer]


@dataclass(frozen=True, slots=True, repr=False)
class _Own:
    """What is stored of a therapist."""

    words: tuple[str, ...] = ()
    dismissed: tuple[str, ...] = ()


def get(resources: Resources, caller: Caller) -> Vocabulary:
    """The caller's words, and the words they corrected twice."""
    with resources.database.transaction(caller.practice_id) as db:
        own = _opened(resources.vault, rows.of_therapist(db, caller.therapist_id))
        practice = practice_engines.vocabulary(resources, db, caller.practice_id)
        corrected = rows.latest_corrections(db, caller.therapist_id, _SESSIONS)
        ownership.audit(db, caller, "vocabulary.read", caller.therapist_id)
    pairs = _replaced(resources.vault, caller.practice_id, corrected)
    return Vocabulary(own.words, practice, offers(pairs, (*own.words, *practice), own.dismissed))


def change(resources: Resources, caller: Caller, words: Sequence[str]) -> Vocabulary:
    """Put the caller's words in the place of those there are; one that is named twice is kept once."""
    once: dict[str, str] = {}
    for word in words:
        once.setdefault(word.casefold(), word)
    kept = tuple(once.values())
    _store(resources, caller, "vocabulary.change", lambda own: _Own(kept, own.dismissed))
    return get(resources, caller)


def accept(resources: Resources, caller: Caller, offer_id: str) -> Vocabulary:
    """Expect an offered word from now on; raises NotFound, and Conflict if there are too many words."""
    word = _offered(resources, caller, offer_id).word

    def with_it(own: _Own) -> _Own:
        if len(own.words) >= MOST_WORDS:
            raise Conflict(f"You have {MOST_WORDS} words. Remove one first.", "vocabulary_full")
        return _Own((*own.words, word), own.dismissed)

    _store(resources, caller, "vocabulary.accept", with_it)
    return get(resources, caller)


def dismiss(resources: Resources, caller: Caller, offer_id: str) -> Vocabulary:
    """Do not offer a word again for what was heard; raises NotFound."""
    _offered(resources, caller, offer_id)
    _store(
        resources,
        caller,
        "vocabulary.dismiss",
        lambda own: _Own(own.words, (*own.dismissed, offer_id)[-_MOST_DISMISSED:]),
    )
    return get(resources, caller)


def words_of(resources: Resources, db: DbSession, practice_id: UUID, therapist_id: UUID) -> tuple[str, ...]:
    """The words that this therapist's recordings are to expect."""
    return _opened(resources.vault, rows.of_therapist(db, therapist_id)).words


def _offered(resources: Resources, caller: Caller, offer_id: str) -> Offer:
    found = next((offer for offer in get(resources, caller).offers if offer.id == offer_id), None)
    if found is None:
        raise NotFound("There is no such offer, or it was answered. Read the list again.", "no_such_offer")
    return found


def _store(resources: Resources, caller: Caller, action: str, changed: Callable[[_Own], _Own]) -> None:
    person = Subject(caller.practice_id, caller.therapist_id)
    resources.vault.keys.create(person.practice_id, person.id)
    with resources.database.transaction(caller.practice_id) as db:
        row = rows.hold(db, person.practice_id, person.id)
        own = changed(_opened(resources.vault, row))
        stored = {"words": list(own.words), "dismissed": list(own.dismissed)}
        row.body = resources.vault.seal(person, KIND, stored)
        ownership.audit(db, caller, action, caller.therapist_id)


def _opened(vault: Vault, row: TherapistWords | None) -> _Own:
    if row is None or row.body is None:
        return _Own()
    stored = vault.open(Subject(row.practice_id, row.therapist_id), KIND, row.body)
    return _Own(tuple(stored["words"]), tuple(stored["dismissed"]))


def _replaced(
    vault: Vault, practice_id: UUID, corrected: Sequence[tuple[UUID, Sealed]]
) -> Iterator[tuple[str, str]]:
    for session_id, sealed in corrected:
        try:
            stored = vault.open(Subject(practice_id, session_id), outputs.kind(Product.CORRECTIONS), sealed)
        except KeyDestroyed:
            continue  # the session was deleted a moment ago
        for correction in corrections_from_json(stored).values():
            yield from correction.replaced
