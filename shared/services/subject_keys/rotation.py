"""Rotation of subjects' keys, for the operator: online, in small pieces, run again after a kill at any point.

Of each subject:

1. Its key gets a new version, which seals from then on (``vault.subject_rotation``). A session that is worked
   on, or arrives, waits here for a later look.
2. Values and objects under the former versions are sealed anew.
3. Postgres refuses values under the former versions. When all transactions that wrote before that have
   ended, what they left is sealed anew.
4. Every value is opened under the new version; objects were read when they were copied. ``sealed_at``.
5. After some time, because a reader may hold what it read before: all is looked at once more, the former
   versions are destroyed, a line is in the trail. ``ended_at``.

What is known of it is the key itself, the version that each value names, and a row of ``subject_rotations``.
"""

from collections.abc import Callable, Collection
from uuid import UUID

from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit
from shared.db.queries.records import owners
from shared.db.queries.work import subject_rotations
from shared.domain.errors import NotFound
from shared.services.operations import anchors
from shared.services.resources import Resources
from shared.services.subject_keys import values
from shared.services.subject_keys.run import ACTOR, Progress, Run, Waits
from shared.vault import subject_rotation


def rotate(
    resources: Resources,
    practice_id: UUID,
    patient_id: UUID | None = None,
    *,
    waits: Waits | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Rotate the keys of a practice's subjects, or of a patient with all sessions.

    What was ordered before in the practice and has not ended is ended with it. The answer says what is left,
    if anything is: run it again. Raises KeyStoreError and Unavailable.
    """
    anchors.require_own_keys(resources.database, resources.vault.keys)
    with subject_rotation.running(resources.vault.keys.folder):
        _order(resources, practice_id, patient_id)
        return Run(resources, practice_id, waits or Waits(), report).go_on()


def practice_of_patient(database: Database, patient_id: UUID) -> UUID:
    """Whose patient it is; raises NotFound."""
    for practice_id in practices(database):
        with database.transaction(practice_id) as db:
            if subject_rotations.is_patient(db, patient_id):
                return practice_id
    raise NotFound("There is no such patient.", "patient_not_found")


def practices(database: Database) -> Collection[UUID]:
    """Every practice."""
    with database.operating() as db:
        return owners.practices(db)


def counts(database: Database) -> tuple[int, int]:
    """How many rotations of keys have not ended, and in how many of these everything is sealed anew."""
    with database.operating() as db:
        return subject_rotations.counts(db)


def _order(resources: Resources, practice_id: UUID, patient_id: UUID | None) -> None:
    """Note whose keys are to be rotated; of a whole practice only when those of before have ended."""
    keys = resources.vault.keys
    with resources.database.transaction(practice_id) as db:
        if patient_id is not None:
            wanted = subject_rotations.subjects_of_patient(db, patient_id)
        elif subject_rotations.unfinished(db, practice_id):
            return
        else:
            wanted = values.subjects_of_practice(db) | subject_rotations.packages(db)
        there = [subject for subject in wanted if keys.subject_path(subject).exists()]
        if new := subject_rotations.order(db, practice_id, there):
            audit.record(
                db,
                practice_id=practice_id,
                actor=ACTOR,
                action="vault.subject_rotation_ordered",
                subject_id=patient_id,
                code=str(new),
            )
