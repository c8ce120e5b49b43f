"""Whose session it is, and that it stays as it is while a call works on it."""

from uuid import UUID, uuid4

import pytest

from shared.domain.errors import NotFound
from shared.services.access import ownership
from shared.services.lifecycle import deletion
from shared.services.resources import Resources
from shared.services.uploads.registration import FILE_NAME
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject
from tests.database import is_locked
from tests.integration.sessions import promise, row
from tests.servers import Office, make_office


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    return promise(resources, office)


def test_a_session_of_another_person_or_of_none_is_not_there(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    colleague = make_office(resources).caller
    with resources.database.transaction(office.caller.practice_id) as db:
        assert ownership.own(db, office.caller, session_id).id == session_id
        for caller, wanted in ((colleague, session_id), (office.caller, uuid4())):
            for look in (ownership.own, ownership.own_to_work_on):
                with pytest.raises(NotFound) as refusal:
                    look(db, caller, wanted)
                assert refusal.value.code == "session_not_found"
        with pytest.raises(NotFound):
            ownership.hold(db, uuid4())


def test_who_reads_a_session_keeps_no_other_from_changing_it(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    with resources.database.transaction(office.caller.practice_id) as db:
        ownership.own(db, office.caller, session_id)
        assert not is_locked(resources, "sessions", session_id)
        ownership.own(db, office.caller, session_id, hold=True)
        assert is_locked(resources, "sessions", session_id)


def test_who_works_on_a_session_holds_it_and_its_patient(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    with resources.database.transaction(office.caller.practice_id) as db:
        ownership.own_to_work_on(db, office.caller, session_id)
        assert is_locked(resources, "sessions", session_id)
        assert is_locked(resources, "patients", office.patient_id)
    with resources.database.transaction(office.caller.practice_id) as db:
        ownership.hold(db, session_id)
        assert is_locked(resources, "sessions", session_id)


def test_what_was_deleted_since_it_was_read_is_not_there_and_a_lost_key_is_no_deletion(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    found = row(resources, session_id)
    session = Subject(found.practice_id, session_id)
    assert ownership.opened(resources, session, FILE_NAME, found.audio_filename) == "a.wav"
    resources.vault.keys.destroy(session_id)
    with pytest.raises(KeyDestroyed):
        ownership.opened(resources, session, FILE_NAME, found.audio_filename)
    deletion.delete(resources, office.caller, session_id)
    with pytest.raises(NotFound):
        ownership.opened(resources, session, FILE_NAME, found.audio_filename)
    with pytest.raises(NotFound):
        ownership.require_there(resources, session)
