"""What was taken away in a practice: the list, and how an entry is done again after a restore.

The list is written by triggers (migrations 0050, 0085 and 0096).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import consents
from shared.db.tables.core import ApiKey, Patient, Therapist, TherapySession
from shared.db.tables.engines import PracticeEngines
from shared.db.tables.enrolment import EnrolmentCode
from shared.db.tables.privacy.consent import ConsentRow, Part2Flag, Participant
from shared.db.tables.privacy.emergency import EmergencyAccess
from shared.db.tables.records import ProcessNotes
from shared.db.tables.sign_in import BrowserSession, Invitation, Login, Passkey, RecoveryCode, TotpFactor
from shared.domain.consent import ConsentEvent, ConsentScope, ConsentState


def withdraw_consent(db: DbSession, patient_id: UUID, at: datetime) -> bool:
    """Have the patient's consent end at this time; False if there is none on file."""
    on_file = Patient.consent_given_at.is_not(None), Patient.consent_revoked_at.is_(None)
    return _changed(
        db, update(Patient).where(Patient.id == patient_id, *on_file).values(consent_revoked_at=at)
    )


def withdraw_scope(db: DbSession, subject_id: UUID, scope: ConsentScope, at: datetime) -> UUID | None:
    """Have a patient's or a participant's consent to the scope end; gives the patient if it was in force."""
    patient = db.scalar(
        select(Patient)
        .outerjoin(Participant, Participant.patient_id == Patient.id)
        .where(or_(Patient.id == subject_id, Participant.id == subject_id))
        .limit(1)
    )
    if patient is None:
        return None
    who = None if patient.id == subject_id else subject_id
    if consents.states(db, patient.id, scope).get(who) is not ConsentState.IN_FORCE:
        return None
    row = ConsentRow(
        practice_id=patient.practice_id,
        patient_id=patient.id,
        participant_id=who,
        scope=scope,
        event=ConsentEvent.WITHDRAWN,
        at=at,
        recorded_by=patient.therapist_id,
    )
    consents.add(db, [row])
    return patient.id


def flag_part2(db: DbSession, subject_id: UUID) -> bool:
    """Flag a patient or a session again; False where that is so, or the subject is gone."""
    patient = db.scalar(
        select(Patient)
        .outerjoin(TherapySession, TherapySession.patient_id == Patient.id)
        .where(or_(Patient.id == subject_id, TherapySession.id == subject_id), Patient.deleted_at.is_(None))
        .limit(1)
    )
    if patient is None or db.get(Part2Flag, (patient.id, subject_id)) is not None:
        return False
    consents.flag_part2(db, patient.practice_id, patient.id, subject_id, patient.therapist_id)
    return True


def end_emergencies(db: DbSession) -> None:
    """End every emergency access of the practice: one of them may have been ended since the backup."""
    lasting = EmergencyAccess.ended_at.is_(None), EmergencyAccess.until_at > func.now()
    db.execute(update(EmergencyAccess).where(*lasting).values(ended_at=func.now()))


def delete_patient(db: DbSession, patient_id: UUID) -> bool:
    """Mark the patient as deleted; False if that is so already, or there is none."""
    there = Patient.id == patient_id, Patient.deleted_at.is_(None)
    return _changed(db, update(Patient).where(*there).values(deleted_at=func.now()))


def disable_person(db: DbSession, person_id: UUID, at: datetime) -> bool:
    """Disable the person; False if they are disabled already."""
    enabled = Therapist.id == person_id, Therapist.disabled_at.is_(None)
    return _changed(db, update(Therapist).where(*enabled).values(disabled_at=at))


def revoke_key(db: DbSession, key_id: UUID) -> bool:
    """Revoke the key; False if it has ended already."""
    unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
    alive = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None), unexpired)
    return _changed(db, alive.values(revoked_at=func.now()))


def revoke_all_keys(db: DbSession) -> int:
    """Revoke every key of the practice; gives their number."""
    alive = update(ApiKey).where(ApiKey.revoked_at.is_(None)).values(revoked_at=func.now())
    return len(db.execute(alive.returning(ApiKey.id)).all())


def remove_login(db: DbSession, person_id: UUID, before: datetime) -> bool:
    """Remove a login whose passphrase was set before this time: it was changed or taken away then."""
    old = delete(Login).where(Login.therapist_id == person_id, Login.changed_at < before)
    return db.execute(old.returning(Login.therapist_id)).first() is not None


def remove_second_factor(db: DbSession, person_id: UUID, before: datetime) -> bool:
    """Remove an authenticator app that was set up before this time, and the login that it stood beside."""
    old = delete(TotpFactor).where(TotpFactor.therapist_id == person_id, TotpFactor.created_at < before)
    if db.execute(old.returning(TotpFactor.therapist_id)).first() is None:
        return False
    db.execute(delete(Login).where(Login.therapist_id == person_id))
    return True


def remove_passkey(db: DbSession, passkey_id: UUID) -> bool:
    """Remove a passkey; False if there is none of this id."""
    gone = delete(Passkey).where(Passkey.id == passkey_id)
    return db.execute(gone.returning(Passkey.id)).first() is not None


def end_sign_ins(db: DbSession) -> None:
    """End every browser session of the practice, and every code that was or could be used once."""
    now = func.now()
    db.execute(delete(RecoveryCode))
    db.execute(update(EnrolmentCode).where(EnrolmentCode.redeemed_at.is_(None)).values(redeemed_at=now))
    in_use = BrowserSession.ended_at.is_(None)
    db.execute(update(BrowserSession).where(in_use).values(ended_at=now, id_token=None))
    db.execute(update(Invitation).where(Invitation.used_at.is_(None)).values(used_at=now))


def remove_process_notes(db: DbSession, session_id: UUID, before: datetime) -> bool:
    """Remove process notes that were begun before this time; later ones were written after the removal."""
    old = ProcessNotes.session_id == session_id, ProcessNotes.created_at < before
    return db.execute(delete(ProcessNotes).where(*old).returning(ProcessNotes.session_id)).first() is not None


def forbid_away(db: DbSession, practice_id: UUID) -> bool:
    """Let no recording of the practice leave; False if that is so already."""
    allowed = PracticeEngines.practice_id == practice_id, PracticeEngines.away_allowed_at.is_not(None)
    return _changed(
        db, update(PracticeEngines).where(*allowed).values(away_allowed_at=None, away_allowed_by=None)
    )


def _changed(db: DbSession, statement: Update) -> bool:
    return db.execute(statement.returning(literal(1))).first() is not None
