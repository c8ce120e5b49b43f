"""A session's words as they are read: what was heard, under what its therapist said of it."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.domain.errors import NotFound
from shared.domain.transcripts import speakers
from shared.domain.transcripts.corrections import Corrections, corrected, corrections_from_json
from shared.domain.transcripts.serialization import transcript_from_json
from shared.domain.transcripts.speakers import Casting
from shared.domain.values import JsonObject, Transcript
from shared.services.access import ownership
from shared.services.resources import Resources
from shared.vault.sealing import Sealed, Subject, Vault

WORDS = (Product.TRANSCRIPT, Product.SPEAKERS, Product.CORRECTIONS)


class Stored(NamedTuple):
    """The engine's transcript, and what its therapist said of its speakers and its words."""

    transcript: Sealed | None
    casting: Sealed | None
    corrections: Sealed | None


def sealed(db: DbSession, session_id: UUID) -> Stored:
    """What is stored of a session's words, to be opened."""
    return stored_in(outputs.several(db, session_id, *WORDS))


def stored_in(found: Mapping[Product, Mapping[int, Sealed]]) -> Stored:
    """What of outputs that were read together is of a session's words."""
    return Stored(*(found[product].get(0) for product in WORDS))


def opened_casting(vault: Vault, session: Subject, stored: Sealed | None) -> Casting:
    """What was said of the speakers; nothing where nothing is stored."""
    if stored is None:
        return {}
    return speakers.casting_from_json(vault.open(session, outputs.kind(Product.SPEAKERS), stored))


def opened_corrections(vault: Vault, session: Subject, stored: Sealed | None) -> Corrections:
    """What was corrected of the words; nothing where nothing is stored."""
    if stored is None:
        return {}
    return corrections_from_json(vault.open(session, outputs.kind(Product.CORRECTIONS), stored))


def heard(vault: Vault, session: Subject, stored: Stored) -> Transcript:
    """The transcript as engines read it: labels as they are, words and roles as they were confirmed.

    Raises NotFound where there is none.
    """
    if stored.transcript is None:
        raise _no_transcript()
    document: JsonObject = vault.open(session, outputs.kind(Product.TRANSCRIPT), stored.transcript)
    said = corrected(document, opened_corrections(vault, session, stored.corrections))
    return transcript_from_json(speakers.with_roles(said, opened_casting(vault, session, stored.casting)))


def shown(
    resources: Resources, row: TherapySession, stored: Stored
) -> tuple[JsonObject | None, Mapping[str, str]]:
    """What is read of ``sealed``: the transcript with its speakers' names, and each label's name.

    None and no names where there is no transcript; raises NotFound if the session was just deleted.
    """
    if stored.transcript is None:
        return None, {}
    transcript, casting = opened(resources, row, stored)
    names = speakers.display_names(speakers.labels_of(transcript), casting)
    return speakers.shown_transcript(transcript, casting), names


def opened(resources: Resources, row: TherapySession, stored: Stored) -> tuple[JsonObject, Casting]:
    """The transcript document with its corrected words, and who its speakers are; raises NotFound."""
    session, vault = Subject(row.practice_id, row.id), resources.vault
    document = as_heard(resources, row, stored)
    said = corrected(document, opened_corrections(vault, session, stored.corrections))
    return said, opened_casting(vault, session, stored.casting)


def as_heard(resources: Resources, row: TherapySession, stored: Stored) -> JsonObject:
    """The transcript document as the engine made it; raises NotFound where there is none."""
    if stored.transcript is None:
        raise _no_transcript()
    session = Subject(row.practice_id, row.id)
    document: JsonObject = ownership.opened(
        resources, session, outputs.kind(Product.TRANSCRIPT), stored.transcript
    )
    return document


def _no_transcript() -> NotFound:
    return NotFound(
        "The session has no transcript: it is not made yet, or its time is over.", "no_transcript_yet"
    )
