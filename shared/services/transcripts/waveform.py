"""The waveform of a recording, to be drawn beside its transcript."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.domain.errors import NotFound
from shared.domain.transcripts.off_record import Ranges
from shared.domain.transcripts.waveform import Waveform, waveform_from_json, waveform_to_json
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.vault.sealing import Sealed, Subject, Vault

_KIND = outputs.kind(Product.WAVEFORM)


def get(resources: Resources, caller: Caller, session_id: UUID, points: int) -> Waveform:
    """The waveform of the caller's recording in at most ``points`` points; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        stored = outputs.get(db, session_id, Product.WAVEFORM)
        ownership.audit(db, caller, "waveform.read", session_id)
    if stored is None:
        raise NotFound(
            "The session has no waveform. It is made when the recording is decoded.", "no_waveform_yet"
        )
    document = ownership.opened(resources, Subject(row.practice_id, row.id), _KIND, stored)
    return waveform_from_json(document).within(points)


def sealed(vault: Vault, session: Subject, waveform: Waveform) -> Sealed:
    """The waveform as it is stored."""
    return vault.seal(session, _KIND, waveform_to_json(waveform))


def silence(db: DbSession, vault: Vault, session: Subject, ranges: Ranges) -> None:
    """Take ``ranges`` out of the stored waveform, if there is one; the session must be held."""
    stored = outputs.get(db, session.id, Product.WAVEFORM)
    if stored is not None:
        rest = waveform_from_json(vault.open(session, _KIND, stored)).silenced(ranges)
        outputs.replace(db, session.practice_id, session.id, Product.WAVEFORM, sealed(vault, session, rest))
