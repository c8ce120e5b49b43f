"""What was taken away after a backup stays away after a restore of it: drilled for every kind."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from shared.db.connection.engine import DatabaseError
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.db.tables.privacy.rights import RightsRequest
from shared.db.tables.sign_in import BrowserSession, Login, Passkey, TotpFactor
from shared.domain.consent import ConsentEvent, ConsentScope
from shared.domain.errors import NotFound
from shared.domain.removals import Entry, Removal
from shared.domain.retention import RetentionKind
from shared.domain.rights import RequestKind, RequestStatus
from shared.domain.status import Status
from shared.domain.webhooks import EventType
from shared.services import patients
from shared.services.access import emergency
from shared.services.access.caller import ADMINISTRATOR_SCOPES, ON_REQUEST_SCOPES, Caller, Scope
from shared.services.accounts import accounts, api_keys, key_rotation, people
from shared.services.consents import history as consents
from shared.services.consents import part2
from shared.services.consents.history import Statement
from shared.services.engines import practice_engines
from shared.services.lifecycle import cancellation, deletion
from shared.services.notes import process_notes
from shared.services.operations import removals
from shared.services.resources import Resources
from shared.services.retention import holds, sweep
from shared.services.retention.holds import Target
from shared.services.rights import requests
from shared.services.transcripts import off_record
from shared.services.webhooks import endpoints
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Sealed, Subject
from tests.database import everything
from tests.integration.backups.test_backup_drill import (  # noqa: F401 - fixtures
    elsewhere,
    here,
    no_deployment_of_the_machine,
    processed,
    resources_of,
    there,
)
from tests.integration.sessions import promise
from tests.servers import Office

FAR = date(2100, 1, 1)


def now() -> datetime:
    return datetime.now(UTC)


class Practice:
    """One of everything that can be taken away."""

    def __init__(self, resources: Resources, office: Office) -> None:
        self.resources, self.office = resources, office
        who = office.caller
        person = accounts.create_therapist(resources, who.practice_id, "Admin", accounts.ADMINISTRATOR)
        self.administrator = Caller(
            who.practice_id, person.id, accounts.ADMINISTRATOR, ADMINISTRATOR_SCOPES, uuid4()
        )
        self.therapist = Caller(
            who.practice_id,
            who.therapist_id,
            accounts.THERAPIST,
            frozenset(Scope) - (ADMINISTRATOR_SCOPES - ON_REQUEST_SCOPES),
            who.key_id,
        )
        self.deleted, self.noted, self.cut, self.parted = (processed(resources, office) for _ in range(4))
        self.cancelled = promise(resources, office)
        for session_id in (self.noted, self.cut):
            process_notes.write(resources, self.therapist, session_id, "a thought", None)
        self.key, self.secret = accounts.create_key(resources, who.practice_id, who.therapist_id)
        self.rotated, self.rotated_secret = accounts.create_key(resources, who.practice_id, who.therapist_id)
        self.colleague = accounts.create_therapist(resources, who.practice_id, "Colleague")
        self.back = accounts.create_therapist(resources, who.practice_id, "Back again")
        consent = patients.Consent(now(), "written")
        self.patient = patients.create(resources, who, "Another", consent).id
        self.forgotten = patients.create(resources, who, "To be forgotten", consent).id
        colleague = replace(self.therapist, therapist_id=self.colleague.id)
        self.emergency = emergency.begin(resources, colleague, "Why", patient_id=self.patient, name=None).id
        self.webhook = endpoints.create(
            resources, self.administrator, "https://example.org/x", [EventType.DELETED]
        )[0].id
        practice_engines.change(resources, self.administrator, {"away_allowed": True})
        with everything(resources) as db:
            for person_id in (self.colleague.id, self.back.id, who.therapist_id):
                own = {"therapist_id": person_id, "practice_id": who.practice_id}
                db.add(Login(**own, name=str(person_id), passphrase_hash="old"))
            db.add(TotpFactor(**own, secret=Sealed(b"x")))
            facts = {"credential_id": b"x", "credential": b"x", "sign_count": 0, "name": "key"}
            db.add(Passkey(**own, id=uuid4(), **facts))
            db.flush()
            for person in (self.colleague, self.back):
                row = BrowserSession(
                    id=uuid4(),
                    practice_id=who.practice_id,
                    therapist_id=person.id,
                    digest=person.id.bytes,
                    address=Sealed(b"x"),
                    agent=Sealed(b"x"),
                    complete=True,
                )
                db.add(row)

    def take_away(self) -> None:
        """All that the backup still has."""
        resources, who, administrator = self.resources, self.office.caller, self.administrator
        deletion.delete(resources, who, self.deleted)
        cancellation.cancel(resources, who, self.cancelled)
        process_notes.delete(resources, self.therapist, self.noted)
        off_record.cut(resources, who, self.cut, ((0.5, 1.5),))
        api_keys.revoke_key(resources, administrator, self.key.id)
        key_rotation.rotate(resources, self.therapist, self.rotated.id, 0)
        people.change(resources, administrator, self.colleague.id, {"disabled": True})
        people.change(resources, administrator, self.back.id, {"disabled": True})
        people.change(resources, administrator, self.back.id, {"disabled": False})
        patients.change(resources, who, self.patient, {"revoked_on": now()})
        part2.flag_patient(resources, who, self.patient, True)
        part2.flag_session(resources, who, self.parted, True)
        for flagged in (True, False):
            part2.flag_session(resources, who, self.noted, flagged)
        emergency.end(resources, self.therapist, self.emergency)
        patients.delete(resources, who, self.forgotten)
        endpoints.remove(resources, administrator, self.webhook)
        practice_engines.change(resources, administrator, {"away_allowed": False})
        with resources.database.transaction(who.practice_id) as db:
            parted = db.get(TherapySession, self.parted)
            assert parted is not None
            for kind in (RetentionKind.RECORDING, RetentionKind.TRANSCRIPT, RetentionKind.DRAFTS):
                sweep.remove(db, parted, kind)
        for target in (Target(self.patient), Target(session_id=self.noted)):
            hold = holds.place(
                resources, administrator, target, matter="A v. B", reason="Asked for", review_on=FAR
            )
        holds.ask_to_lift(resources, administrator, hold.id)
        holds.confirm_lift(resources, replace(administrator, therapist_id=uuid4()), hold.id)
        for words in ("Not to my insurer.", "Not to my employer."):
            asked = requests.create(resources, who, self.patient, RequestKind.RESTRICTION, words).id
            requests.decide(resources, who, self.patient, asked, RequestStatus.FULFILLED, "Agreed.")
        requests.decide(resources, who, self.patient, asked, RequestStatus.ENDED, None)
        with everything(resources) as db:
            changed = "UPDATE logins SET passphrase_hash = 'new', changed_at = now() WHERE therapist_id = :id"
            db.execute(text(changed), {"id": self.back.id})
            db.execute(text("DELETE FROM totp_factors"))
            db.execute(text("DELETE FROM passkeys"))


@pytest.fixture
def practice(resources: Resources, office: Office) -> Practice:
    return Practice(resources, office)


@pytest.fixture
def backup(here: dict[str, str], practice: Practice, tmp_path: Path) -> Path:  # noqa: F811
    """A backup, after which all was taken away, and the hourly list."""
    folder = tmp_path / "backups" / "night"
    assert run(["backup", "--to", str(folder), "--keys-to", str(tmp_path / "keys-backup")]) == Exit.OK
    practice.take_away()
    assert run(["backup", "--to", str(tmp_path / "backups" / "hour"), "--removals-only"]) == Exit.OK
    return folder


def restored(
    monkeypatch: pytest.MonkeyPatch, where: dict[str, str], folder: Path, tmp_path: Path, *words: str
) -> None:
    keys = ("--keys-from", str(tmp_path / "keys-backup"))
    assert there(monkeypatch, where, "restore", "--from", str(folder), *keys, *words) == Exit.OK


def test_nothing_that_was_taken_away_comes_back(
    elsewhere: dict[str, str],  # noqa: F811
    practice: Practice,
    backup: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    restored(monkeypatch, elsewhere, backup, tmp_path, "--keep-api-keys")
    who = practice.office.caller
    with resources_of(elsewhere) as found, everything(found) as db:
        rows = {row.id: row for row in db.query(TherapySession)}
        assert practice.deleted not in rows
        assert rows[practice.cancelled].status == Status.CANCELLED
        assert rows[practice.noted].status == Status.PROCESSED

        def one(query: str, **values: object) -> object:
            return db.execute(text(query), values).scalar_one()

        assert one("SELECT count(*) FROM process_notes WHERE session_id = :id", id=practice.noted) == 0
        assert one("SELECT count(*) FROM process_notes WHERE session_id = :id", id=practice.cut) == 1
        for key in (practice.key, practice.rotated):
            assert one("SELECT revoked_at FROM api_keys WHERE id = :id", id=key.id) is not None
        assert one("SELECT disabled_at FROM therapists WHERE id = :id", id=practice.colleague.id) is not None
        assert one("SELECT disabled_at FROM therapists WHERE id = :id", id=practice.back.id) is None
        assert one("SELECT consent_revoked_at FROM patients WHERE id = :id", id=practice.patient) is not None
        assert one("SELECT deleted_at FROM patients WHERE id = :id", id=practice.forgotten) is not None
        flagged = {UUID(str(row)) for row in db.scalars(text("SELECT subject_id FROM part2_flags"))}
        assert flagged == {practice.patient, practice.parted}, "what may not be sent away is not forgotten"
        assert one("SELECT count(*) FROM emergency_accesses WHERE ended_at IS NULL") == 0
        assert one("SELECT count(*) FROM webhook_endpoints") == 0
        assert one("SELECT away_allowed_at FROM practice_engines") is None
        assert one("SELECT therapist_id FROM logins") == practice.colleague.id, (
            "the other's passphrase was changed"
        )
        assert rows[practice.parted].audio_removed_at is not None
        words = "SELECT count(*) FROM outputs WHERE session_id = :id AND name = 'transcript'"
        assert one(words, id=practice.parted) == 0
        assert one(words, id=practice.noted) == 1
        assert one("SELECT count(*) FROM notes WHERE session_id = :id", id=practice.parted) == 0
        with (
            pytest.raises(NotFound),
            found.recordings.open(Subject(who.practice_id, practice.parted), RECORDING),
        ):
            pass
        held = "SELECT count(*) FROM holds WHERE patient_id = :id AND lifted_at IS NULL"
        assert one(held, id=practice.patient) == 1, "a hold is not forgotten"
        assert one("SELECT count(*) FROM holds WHERE lifted_at IS NOT NULL") == 1
        restrictions = db.query(RightsRequest).filter_by(patient_id=practice.patient).all()
        assert {(requests.opened(found.vault, row).words, row.status) for row in restrictions} == {
            ("Not to my insurer.", RequestStatus.FULFILLED),
            ("Not to my employer.", RequestStatus.ENDED),
        }, "what the patient does not want is not forgotten"
        assert {requests.opened(found.vault, row).answer for row in restrictions} == {"Agreed."}
        assert one("SELECT count(*) FROM browser_sessions WHERE ended_at IS NULL") == 0
        assert one("SELECT count(*) FROM passkeys") == 0
        assert off_record_of(found, rows[practice.cut]) == ((0.5, 1.5),)
        assert rows[practice.cut].status == Status.EXTRACTING_NOTES, "the sound goes, and notes are made anew"
    for gone in (practice.deleted, practice.forgotten, practice.webhook):
        assert not list((tmp_path / "new-keys").rglob(f"{gone}.key"))


def off_record_of(resources: Resources, row: TherapySession) -> object:
    session = Subject(row.practice_id, row.id)
    with resources.database.transaction(row.practice_id) as db:
        sealed = outputs.get(db, row.id, Product.OFF_RECORD)
        assert sealed is not None
        return off_record.opened_ranges(resources.vault, session, sealed)


def test_all_api_keys_are_revoked_unless_told_otherwise(
    elsewhere: dict[str, str],  # noqa: F811
    practice: Practice,
    backup: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    restored(monkeypatch, elsewhere, backup, tmp_path)
    assert "recover ID" in capsys.readouterr().err
    with resources_of(elsewhere) as found, everything(found) as db:
        alive = db.execute(text("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL")).scalar_one()
        assert alive == 0
    assert there(monkeypatch, elsewhere, "recover", practice.administrator.therapist_id) == Exit.OK
    assert capsys.readouterr().out.strip()


def test_a_second_application_changes_nothing(practice: Practice) -> None:
    resources, who = practice.resources, practice.office.caller
    other = consents.add_participant(resources, who, practice.patient, "Another")
    for event, method in ((ConsentEvent.GIVEN, "verbal"), (ConsentEvent.WITHDRAWN, None)):
        said = Statement(
            event, (ConsentScope.RECORDING, ConsentScope.PART2), method=method, participant_id=other
        )
        consents.say(resources, who, practice.patient, said)
    practice.take_away()
    entries = entries_of(practice.resources)
    given = {kind for kind in Removal if kind.endswith("_given")}
    assert {entry.kind for entry in entries} == set(Removal) - given
    assert removals.apply_again(practice.resources, entries) == 0


def test_what_was_written_after_a_removal_stays(practice: Practice) -> None:
    process_notes.delete(practice.resources, practice.therapist, practice.noted)
    process_notes.write(practice.resources, practice.therapist, practice.noted, "another", None)
    patients.change(practice.resources, practice.office.caller, practice.patient, {"revoked_on": now()})
    patients.change(practice.resources, practice.office.caller, practice.patient, {"revoked_on": None})
    assert removals.apply_again(practice.resources, entries_of(practice.resources)) == 0


def test_the_list_is_append_only_also_for_its_practice(practice: Practice) -> None:
    practice.take_away()
    for change in ("UPDATE removals SET at = now()", "DELETE FROM removals"):
        with (
            pytest.raises(DatabaseError),
            practice.resources.database.transaction(practice.office.caller.practice_id) as db,
        ):
            db.execute(text(change))
    with pytest.raises(Exception, match="append-only"), everything(practice.resources) as db:
        db.execute(text("DELETE FROM removals"))


def test_a_list_of_another_deployment_or_a_newer_release_does_no_harm(
    practice: Practice, tmp_path: Path
) -> None:
    stranger = Entry(uuid4(), Removal.SESSION, practice.deleted, now())
    assert removals.apply_again(practice.resources, [stranger]) == 0
    removals.write(tmp_path, [stranger])
    assert list(removals.read(tmp_path)) == [stranger]
    path = tmp_path / removals.FILE
    path.write_text(path.read_text().replace('"session"', '"something new"'))
    with pytest.raises(removals.BackupDamaged, match="newer release"):
        list(removals.read(tmp_path))


def test_the_list_of_an_older_backup_still_names_its_deleted_sessions(tmp_path: Path) -> None:
    session_id, practice_id = uuid4(), uuid4()
    line = f'{{"session_id": "{session_id}", "practice_id": "{practice_id}"}}\n'
    (tmp_path / "erased.jsonl").write_text(line)
    (entry,) = removals.read(tmp_path)
    assert (entry.kind, entry.subject_id, entry.practice_id) == (Removal.SESSION, session_id, practice_id)


def test_a_cancelled_session_whose_words_are_off_the_record_is_worked_on_by_nobody(
    practice: Practice,
) -> None:
    cancellation.cancel(practice.resources, practice.office.caller, practice.cancelled)
    entries = entries_of(practice.resources)
    sealed = practice.resources.vault.seal(
        Subject(practice.office.caller.practice_id, practice.cancelled),
        outputs.kind(Product.OFF_RECORD),
        ((0.0, 1.0),),
    )
    cut = Entry(
        practice.office.caller.practice_id, Removal.OFF_RECORD, practice.cancelled, now(), sealed.data
    )  # type: ignore[arg-type]
    assert removals.apply_again(practice.resources, [*entries, cut]) == 1
    with everything(practice.resources) as db:
        row = db.get(TherapySession, practice.cancelled)
        assert row is not None
        assert row.status == Status.CANCELLED
        states = db.execute(
            text("SELECT state FROM steps WHERE session_id = :id"), {"id": practice.cancelled}
        )
        assert set(states.scalars()) == {"failed"}


def entries_of(resources: Resources) -> list[Entry]:
    with everything(resources) as db:
        rows = db.execute(text("SELECT practice_id, kind, subject_id, at, sealed FROM removals"))
        return [
            Entry(UUID(str(row[0])), Removal(row[1]), UUID(str(row[2])), row[3], row[4] and bytes(row[4]))
            for row in rows
        ]
