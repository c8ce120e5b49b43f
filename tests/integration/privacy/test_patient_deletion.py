"""A whole patient is deleted in one request; the receipt says what is left, and is verified offline."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from shared.db.queries.privacy import patient_deletions as rows
from shared.db.tables.core import Patient
from shared.domain.consent import ConsentEvent, ConsentScope
from shared.domain.disclosures import Giving
from shared.domain.errors import Conflict, NotFound, Unavailable
from shared.domain.receipts import signed_bytes
from shared.domain.retention import RetentionEvent, RetentionKind
from shared.domain.rights import PackageForm, RequestKind
from shared.domain.values import JsonObject
from shared.services import patients
from shared.services.access import emergency
from shared.services.access.caller import ON_REQUEST_SCOPES, THERAPIST_SCOPES, Scope
from shared.services.accounts import accounts
from shared.services.alerts import risk_alerts
from shared.services.audit_trail import disclosures
from shared.services.consents import history, part2
from shared.services.consents.history import Statement
from shared.services.lifecycle import deletion
from shared.services.notes import exporting, process_notes, signing, unsaved
from shared.services.resources import Resources
from shared.services.retention import holds, patient_deletion, rules
from shared.services.retention.holds import Target
from shared.services.rights import packages, requests
from shared.services.rights.packages import Lock
from shared.services.uploads import tus_creation
from shared.services.uploads.registration import UploadDetails
from shared.vault import signing as signatures
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import app_of, caller_of, left_behind
from tests.integration.pipeline.test_endings import Crash, erase_due, failing, let_time_pass
from tests.integration.pipeline.test_outbox import subscribe
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office, make_office

WORDS = "quetzalcanary i want to die tonight"
FAR = date(2100, 1, 1)
# Where ids may stay: what was done, and that it is gone.
MAY_NAME_IT = {
    "audit_events", "erasures", "holds", "patient_deletions", "removals", "tombstones", "webhook_deliveries",
}  # fmt: skip
# Where the patient's id stays as proof, with nothing that can be read.
KEPT_AS_PROOF = {
    "consents", "consent_evidence", "participants", "rights_requests", "disclosures", "emergency_accesses",
    "record_packages",
}  # fmt: skip


def processed(resources: Resources, office: Office, *, signed: bool = False) -> UUID:
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber(WORDS)), session_id)
    process_notes.write(resources, office.caller, session_id, "quetzalcanary thoughts", None)
    if signed:
        for alert in risk_alerts.page(resources, office.caller, limit=10).items:
            if alert.acknowledged_at is None:
                risk_alerts.acknowledge(resources, office.caller, alert.id, "quetzalcanary called")
        signing.sign(resources, office.caller, session_id)
    return session_id


def delete(resources: Resources, office: Office) -> JsonObject:
    signed = patient_deletion.delete(resources, office.caller, office.patient_id, signed_too=True)
    assert is_genuine(signed)
    receipt: JsonObject = signed["receipt"]
    return receipt


def is_genuine(signed: JsonObject) -> bool:
    key = signed["receipt"]["signing_key"]["public_key"]
    return signatures.is_signed_by(key, signed["signature"], signed_bytes(signed["receipt"]))


def sealed_values(resources: Resources) -> list[tuple[str, bytes]]:
    """Every sealed value in the database, as a backup has it, with its column."""
    found = []
    with everything(resources) as db:
        columns = db.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND data_type = 'bytea'"
            )
        ).all()
        for table, column in columns:
            for value in db.execute(text(f'SELECT "{column}" FROM "{table}"')).scalars():
                found += [(f"{table}.{column}", bytes(value))] if value else []
    return found


def named_in(resources: Resources, ids: list[UUID]) -> set[str]:
    """The tables of which a row holds one of the ids, in whichever column."""
    with everything(resources) as db:
        tables = db.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return {
            table
            for table in tables
            for one in ids
            if db.scalar(
                text(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE :id'), {"id": f"%{one}%"}
            )
        }


def test_nothing_of_a_deleted_patient_is_left_but_that_they_were_deleted(
    resources: Resources, office: Office
) -> None:
    subscribe(resources, office)
    sessions = [
        processed(resources, office),
        processed(resources, office, signed=True),
        promise(resources, office),
    ]
    other = Office(office.caller, patients.create(resources, office.caller, "Other", consented()).id)
    kept = processed(resources, other)
    details = UploadDetails(office.patient_id, datetime.now(UTC), "quetzalcanary.wav", "audio/wav")
    uploaded = tus_creation.create(resources, office.caller, 2000, details, "").id
    rules.set_patient(resources, office.caller, office.patient_id, rules.OfPatient(1990))
    patient = Subject(office.caller.practice_id, office.patient_id)
    say_all_that_can_be_said(resources, office, sessions[0])
    with everything(resources) as db:
        row = db.get(Patient, office.patient_id)
        assert row is not None
        name = row.name
    assert resources.vault.open(patient, patients.NAME, name) == "Pat Ient"
    for session_id in sessions[:2]:
        code = Giving("pdf", "insurer", "payment").code
        exporting.export(resources, office.caller, session_id, code=code)
    receipt = delete(resources, office)
    assert receipt["complete"]
    assert {one["session_id"] for one in receipt["sessions"]} == {str(one) for one in sessions}
    assert receipt["left"] == []
    assert [len(one["signed"]) for one in receipt["sessions"]].count(1) == 1
    assert named_in(resources, sessions) <= MAY_NAME_IT | {"rights_requests", "disclosures"}
    assert named_in(resources, [office.patient_id]) <= MAY_NAME_IT | KEPT_AS_PROOF | {"patients"}
    once = dict.fromkeys(("participants", "requests", "disclosures", "emergency_accesses", "packages"), 1)
    assert [(one["what"], one["purpose"], one["count"]) for one in receipt["given_out"]] == [
        ("the notes as pdf", "payment", 2),
        ("a disclosure that a person recorded", "legal", 1),
    ]
    assert receipt["given_out"][0]["recipient"] == "insurer"
    assert "quetzalcanary" not in str(receipt)
    assert receipt["kept"]["rows"] == {"consents": 4, "consent_evidence": 0, "holds": 0, **once}
    with everything(resources) as db:
        told = db.execute(
            text("SELECT DISTINCT type FROM webhook_deliveries WHERE session_id <> :id"), {"id": kept}
        )
        assert set(told.scalars()) == {"session.deleted"}
        assert db.execute(text("SELECT count(*) FROM uploads")).scalar_one() == 0
        assert set(db.scalars(text("SELECT kind FROM rights_requests"))) == {"amendment"}
    for path in left_behind(resources):
        assert not any(str(one) in path for one in (*sessions, office.patient_id)), path
    assert b"quetzalcanary" not in b"".join(value for _, value in sealed_values(resources))
    for subject_id in (*sessions, office.patient_id, uploaded):
        with pytest.raises(KeyDestroyed):
            resources.vault.keys.key(office.caller.practice_id, subject_id)
    with pytest.raises(KeyDestroyed):  # also of the copy that a backup has
        resources.vault.open(patient, patients.NAME, name)
    with pytest.raises(NotFound):
        patients.get(resources, office.caller, office.patient_id)
    assert process_notes.read(resources, office.caller, kept).text == "quetzalcanary thoughts"


def say_all_that_can_be_said(resources: Resources, office: Office, session_id: UUID) -> None:
    """What stays as proof, and the flags that do not."""
    who, patient_id = replace(office.caller, scopes=frozenset(Scope)), office.patient_id
    partner = history.add_participant(resources, who, patient_id, "quetzalcanary partner")
    said = Statement(
        ConsentEvent.GIVEN,
        (ConsentScope.RECORDING,),
        method="written",
        text="quetzalcanary text",
        participant_id=partner,
    )
    history.say(resources, who, patient_id, said)
    requests.create(
        resources, who, patient_id, RequestKind.AMENDMENT, "quetzalcanary asks", session_id=session_id
    )
    given = disclosures.New("quetzalcanary court", "quetzalcanary notes", "legal", session_id)
    disclosures.record(resources, who, patient_id, given)
    colleague = accounts.create_therapist(resources, who.practice_id, "Colleague")
    emergency.begin(
        resources,
        replace(who, therapist_id=colleague.id),
        "quetzalcanary reason",
        patient_id=patient_id,
        name=None,
    )
    packages.request(resources, who, patient_id, Lock(PackageForm.ZIP, "quetzalcanary-password"))
    part2.flag_patient(resources, who, patient_id, True)
    part2.flag_session(resources, who, session_id, True)
    unsaved.keep(resources, who, session_id, "tag", {"summary": "quetzalcanary typed"})


def test_a_session_or_a_patient_that_is_deleted_alone_leaves_no_flag(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    part2.flag_session(resources, office.caller, session_id, True)
    deletion.delete(resources, office.caller, session_id)
    assert "part2_flags" not in named_in(resources, [session_id])
    part2.flag_patient(resources, office.caller, office.patient_id, True)
    rules.set_patient(resources, office.caller, office.patient_id, rules.OfPatient(1990))
    patients.delete(resources, office.caller, office.patient_id)
    assert named_in(resources, [office.patient_id]) <= MAY_NAME_IT | KEPT_AS_PROOF | {"patients"}


def consented() -> patients.Consent:
    return patients.Consent(datetime.now(UTC) - timedelta(days=1), "written")


def test_a_patient_on_hold_or_with_signed_notes_is_not_deleted_by_a_slip(
    resources: Resources, office: Office
) -> None:
    processed(resources, office, signed=True)
    with pytest.raises(Conflict) as signed:
        patient_deletion.delete(resources, office.caller, office.patient_id)
    assert signed.value.code == "notes_signed"
    holds.place(resources, office.caller, Target(office.patient_id), matter="A", reason="B", review_on=FAR)
    with pytest.raises(Conflict) as held:
        patient_deletion.delete(resources, office.caller, office.patient_id, signed_too=True)
    assert held.value.code == "on_hold"
    stranger = make_office(resources)
    for act in (patient_deletion.delete, patient_deletion.receipt):
        with pytest.raises(NotFound):
            act(resources, stranger.caller, office.patient_id)


def test_what_a_hold_or_the_minimum_keeps_is_left_and_said(resources: Resources, office: Office) -> None:
    held, signed, plain = (
        processed(resources, office),
        processed(resources, office, signed=True),
        processed(resources, office),
    )
    target = Target(session_id=held)
    hold = holds.place(resources, office.caller, target, matter="A", reason="B", review_on=FAR)
    minimum = (RetentionKind.SIGNED_MINIMUM, RetentionEvent.SESSION)
    rules.set_rule(resources, office.caller, *minimum, days=2555, grace_days=0)
    receipt = delete(resources, office)
    assert not receipt["complete"]
    assert [one["session_id"] for one in receipt["sessions"]] == [str(plain)]
    left = {one["session_id"]: one["why"] for one in receipt["left"]}
    assert left == {str(held): "on_hold", str(signed): "minimum_not_over"}
    assert all(one["until"] for one in receipt["left"] if one["why"] == "minimum_not_over")
    assert process_notes.read(resources, office.caller, held).text
    assert patients.get(resources, office.caller, office.patient_id).name == "Pat Ient"
    with everything(resources) as db:
        db.execute(text("UPDATE holds SET lifted_at = now() WHERE id = :id"), {"id": hold.id})
    rules.remove_rule(resources, office.caller, RetentionKind.SIGNED_MINIMUM)
    again = delete(resources, office)
    assert again["complete"]
    assert len(again["sessions"]) == 3


def test_a_deletion_that_crashed_is_completed(resources: Resources, office: Office) -> None:
    processed(resources, office)
    with pytest.raises(Crash):
        delete(failing(resources, Crash()), office)
    let_time_pass(resources, "due_at")
    assert erase_due(resources) == 2, "the session and the patient"
    assert patient_deletion.receipt(resources, office.caller, office.patient_id)["receipt"]["complete"]
    assert not any(path.endswith(f"{office.patient_id}.key") for path in left_behind(resources))


def test_the_receipt_says_that_the_store_was_away(resources: Resources, office: Office) -> None:
    session_id = processed(resources, office)
    receipt = delete(failing(resources, Unavailable("Away.", "storage_unavailable")), office)
    assert not receipt["complete"]
    assert [(one["session_id"], one["erased_at"]) for one in receipt["sessions"]] == [(str(session_id), None)]
    assert delete(resources, office)["complete"]


def test_the_receipt_names_what_others_had_got(resources: Resources, office: Office) -> None:
    session_id = processed(resources, office)
    endpoint = subscribe(resources, office)
    with everything(resources) as db:
        db.execute(text("UPDATE transcription_usage SET engine = 'openai', calls = 7"))
        db.execute(
            text(
                "INSERT INTO webhook_deliveries (id, practice_id, endpoint_id, message_id, type, session_id,"
                " facts, state, attempts) SELECT gen_random_uuid(), practice_id, id, gen_random_uuid(),"
                " 'session.processed', :session, '{}', 'delivered', 1 FROM webhook_endpoints"
            ),
            {"session": session_id},
        )
    shared = delete(resources, office)["shared_with"]
    assert {"what": "engine", "engine": "openai", "kind": "transcription", "count": 7} in shared
    assert {"what": "webhook", "webhook_id": str(endpoint), "count": 1} in shared


def test_receipts_are_verified_offline_and_changes_are_found(
    resources: Resources, office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    processed(resources, office)
    call = caller_of(app_of(resources), resources, office, THERAPIST_SCOPES | ON_REQUEST_SCOPES)
    path = f"/api/patients/{office.patient_id}"
    assert call("DELETE", path).json["code"] == "patient_has_sessions"
    answer = call("DELETE", f"{path}?records=delete")
    assert answer.status_code == 200
    assert (
        call("GET", f"{path}/deletion-receipt").json["receipt"]["sessions"]
        == answer.json["receipt"]["sessions"]
    )
    pdf = call("GET", f"{path}/deletion-receipt?format=pdf")
    key = call("GET", "/api/practice/signing-key").json["fingerprint"]
    files = {
        "r.json": answer.data,
        "r.pdf": pdf.data,
        "pretty.json": json.dumps(answer.json, indent=1).encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert run(["verify", str(tmp_path / name), "--fingerprint", key]) == Exit.OK, name
        assert key in capsys.readouterr().out
        changed = content.replace(b'"complete": true', b'"complete": false').replace(
            b'"complete":true', b'"complete":false'
        )
        assert changed != content
        (tmp_path / name).write_bytes(changed)
        assert run(["verify", str(tmp_path / name)]) == Exit.FAILED, name
    (tmp_path / "r.json").write_bytes(answer.data)
    assert run(["verify", str(tmp_path / "r.json"), "--fingerprint", "00"]) == Exit.FAILED
    (tmp_path / "r.json").write_text("{}")
    assert run(["verify", str(tmp_path / "r.json")]) == Exit.USAGE


def test_another_practice_has_another_key(resources: Resources, office: Office) -> None:
    mine, other = (
        patient_deletion.delete(resources, one.caller, one.patient_id)
        for one in (office, make_office(resources))
    )
    assert mine["receipt"]["signing_key"] != other["receipt"]["signing_key"]
    assert not is_genuine({"receipt": mine["receipt"], "signature": other["signature"]})
    with everything(resources) as db:
        assert rows.is_deleted(db, office.patient_id)
