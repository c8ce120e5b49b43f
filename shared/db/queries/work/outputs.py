"""What was made of a recording: plan, waveform, chunks, transcript, draft; and what was said of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.deferred import at_the_end
from shared.db.tables.core import Output, TherapySession
from shared.vault.sealing import Sealed

_PUT = """
INSERT INTO outputs (session_id, practice_id, name, part, body)
VALUES (%(session)s, %(practice)s, %(name)s, %(part)s, %(body)s)
"""


class Product(StrEnum):
    """The kinds of output, which are also what their sealed bodies are bound to."""

    PLAN = "plan"
    CHUNK = "chunk"
    WAVEFORM = "waveform"
    TRANSCRIPT = "transcript"
    DRAFT = "draft"
    OFF_RECORD = "off_record"  # what of the recording is to be nowhere
    CORRECTIONS = "corrections"  # the words of the transcript, by its therapist
    UNSAVED_EDIT = "unsaved_edit"  # of the notes, by their therapist
    SPEAKERS = "speakers"  # who the voices of the transcript are, by their therapist


def kind(product: Product, part: int = 0) -> str:
    """What an output's body is sealed as: a body moved to another part does not open."""
    return f"{product}:{part}"


def put(
    db: DbSession, practice_id: UUID, session_id: UUID, product: Product, body: Sealed, part: int = 0
) -> None:
    """Store an output; a second one of the same kind and part violates the primary key.

    It is there at the end of the transaction, not before.
    """
    values = {
        "session": str(session_id),
        "practice": str(practice_id),
        "name": product.value,
        "part": part,
        "body": body.data,
    }
    at_the_end(db, _PUT, values)


def replace(db: DbSession, practice_id: UUID, session_id: UUID, product: Product, body: Sealed) -> None:
    """Store an output in the place of the one that is there; the session must be held."""
    discard(db, session_id, product)
    put(db, practice_id, session_id, product, body)


def get(db: DbSession, session_id: UUID, product: Product) -> Sealed | None:
    """The session's output of this kind (part 0), or None."""
    return db.scalar(
        select(Output.body).where(Output.session_id == session_id, Output.name == product, Output.part == 0)
    )


def exists(db: DbSession, session_id: UUID, product: Product) -> bool:
    """Whether it was made of the session."""
    made = select(Output.name).where(Output.session_id == session_id, Output.name == product)
    return db.scalar(select(made.exists())) or False


def several(db: DbSession, session_id: UUID, *products: Product) -> dict[Product, dict[int, Sealed]]:
    """The bodies of the session's outputs of these kinds by part, in order; asked once."""
    rows = db.execute(
        select(Output.name, Output.part, Output.body)
        .where(Output.session_id == session_id, Output.name.in_(products))
        .order_by(Output.part)
    )
    found: dict[Product, dict[int, Sealed]] = {product: {} for product in products}
    for name, part, body in rows:
        found[Product(name)][part] = body
    return found


def of_therapist(
    db: DbSession, therapist_id: UUID, product: Product, limit: int
) -> list[tuple[UUID, datetime, datetime]]:
    """The therapist's sessions with such an output, their dates, and when it was stored; latest first."""
    query = (
        select(TherapySession.id, TherapySession.session_date, Output.created_at)
        .join(TherapySession, TherapySession.id == Output.session_id)
        .where(TherapySession.therapist_id == therapist_id, Output.name == product)
        .order_by(Output.created_at.desc(), TherapySession.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in db.execute(query)]


def discard(db: DbSession, session_id: UUID, *products: Product) -> None:
    """Remove outputs that are no longer needed or are to be made again."""
    db.execute(delete(Output).where(Output.session_id == session_id, Output.name.in_(products)))
