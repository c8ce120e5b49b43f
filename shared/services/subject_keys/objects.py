"""Stored objects of a session, or of a copy of a record, sealed anew under the present version of its key.

The copy is written beside the object, read back, and takes its place in one move, while the owner's row is
locked and no step of it may run: a step that replaced or removed the object meanwhile is not undone.
"""

from shared.db.queries.work import subject_rotations
from shared.db.tables.core import TherapySession
from shared.db.tables.privacy.packages import RecordPackage
from shared.domain import failpoints
from shared.domain.errors import NotFound
from shared.domain.rights import PackageState
from shared.services.resources import Resources
from shared.storage.recordings import PACKAGE, RECORDING, SPEECH, key_version
from shared.vault.sealing import Subject


class AtWork(Exception):
    """A session is worked on, or changes at this moment: its objects are left for later."""


def seal_anew(resources: Resources, subject: Subject, version: int) -> None:
    """Replace the subject's objects under earlier versions; raises AtWork, and as ``copy_anew``."""
    for kind in left(resources, subject, version):
        try:
            head = resources.recordings.copy_anew(subject, kind)
            _take_place(resources, subject, kind, head)
        except NotFound:
            raise AtWork from None  # it has just gone, or its copy was swept
        except BaseException:
            resources.recordings.discard_pieces(subject)
            raise


def left(resources: Resources, subject: Subject, version: int) -> list[str]:
    """The kinds of objects that the subject has under another version."""
    with resources.database.transaction(subject.practice_id) as db:
        kinds = _kinds(subject_rotations.owner(db, subject.id))
    found = []
    for kind in kinds:
        try:
            head = resources.recordings.head(subject, kind)
        except NotFound:
            continue
        if key_version(head) != version:
            found.append(kind)
    return found


def _kinds(owner: TherapySession | RecordPackage | None) -> tuple[str, ...]:
    """What objects it may have; those that are removed, or are to be, are none."""
    if isinstance(owner, TherapySession):
        return (SPEECH,) if owner.audio_removed_at is not None else (RECORDING, SPEECH)
    return (PACKAGE,) if owner is not None and owner.state is PackageState.READY else ()


def _take_place(resources: Resources, subject: Subject, kind: str, head: bytes) -> None:
    # The one place where a call to the store is made within a transaction: a rename, or a copy that S3 makes.
    with resources.database.transaction(subject.practice_id) as db:
        owner = subject_rotations.owner(db, subject.id, hold=True)
        if kind not in _kinds(owner) or subject_rotations.is_at_work(db, subject.id):
            raise AtWork
        failpoints.reach("rotating", "object_verified", subject.id)
        if not resources.recordings.take_copy(subject, kind, head):
            raise AtWork
    failpoints.reach("rotating", "object_replaced", subject.id)
