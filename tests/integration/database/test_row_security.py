"""The two walls between practices, each tried with the other taken away."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import APPLICATION, OPERATOR, Database, DatabaseError
from shared.db.queries.privacy import audit_chain, trail_removals
from shared.db.queries.records import further_recordings, quotas
from shared.db.queries.work import outbox, subject_rotations
from shared.db.tables.privacy.consent import ConsentEvidence
from shared.db.tables.records import NoteTemplate, ProcessNotes
from shared.db.tables.sign_in import Passkey, ProviderIdentity
from shared.db.tables.webhooks import WebhookAttempt
from shared.domain.consent import ConsentEvent, ConsentScope
from shared.domain.errors import NotFound
from shared.domain.retention import RetentionEvent, RetentionKind
from shared.domain.rights import PackageForm, RequestKind
from shared.services import idempotency, patients
from shared.services.access import consent, emergency, supervision
from shared.services.accounts import accounts, enrolment, people
from shared.services.alerts import risk_alerts
from shared.services.audit_trail import chaining, disclosures
from shared.services.consents import history as consents
from shared.services.consents import part2
from shared.services.consents.history import Statement
from shared.services.engines import practice_engines
from shared.services.lifecycle import cancellation, deletion
from shared.services.notes import editing as note_writing
from shared.services.notes import exporting, process_notes, signing
from shared.services.notes import reading as notes
from shared.services.resources import Resources
from shared.services.retention import holds, patient_deletion, rules
from shared.services.retention.holds import Target
from shared.services.rights import packages, requests
from shared.services.rights.packages import Lock
from shared.services.sessions import event_feed
from shared.services.sessions import reading as sessions
from shared.services.sign_in import invitations, second_factor, signing_in
from shared.services.sign_in.browser_sessions import Client
from shared.services.transcripts import playback, vocabulary
from shared.services.uploads import tus_creation
from shared.services.uploads.registration import UploadDetails
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import Caller, app_of
from tests.integration.browser import PASSPHRASE, give_login
from tests.integration.notes_calls import offer_notes
from tests.integration.pipeline.test_outbox import subscribe
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office, make_office

# The tenant itself is the one table whose rows are told apart by another column.
PRACTICES = "practices"
# What no caller needs to change, so that no grant lets the application try.
REFUSED = "42501"


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    """A processed session of ``office``: every table has a row of its practice."""
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber("i want to die tonight")), session_id)
    accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    enrolment.issue_on_server(resources, office.caller.practice_id, office.caller.therapist_id)
    idempotency.begin(resources, office.caller, "a route", "a key")
    tell_a_webhook(resources, office)
    practice_engines.change(resources, office.caller, {"vocabulary": ["sertraline"]})
    vocabulary.change(resources, office.caller, ["sertraline"])
    supervise(resources, office, session_id)
    keep_records(resources, office, session_id)
    details = UploadDetails(office.patient_id, datetime.now(UTC), "a.wav", "audio/wav")
    tus_creation.create(resources, office.caller, 2000, details, "")
    deletion.delete(resources, office.caller, promise(resources, office))
    sign_somebody_in(resources, office)
    target = Target(session_id=promise(resources, office))
    rules.set_rule(resources, office.caller, RetentionKind.RECORDING, RetentionEvent.SESSION, 36500, 0)
    rules.set_patient(resources, office.caller, office.patient_id, rules.OfPatient(1990))
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1))
    hear_the_patient(resources, office)
    other = patients.create(resources, office.caller, "To go", patients.Consent()).id
    patient_deletion.delete(resources, office.caller, other)
    with resources.database.transaction(office.caller.practice_id) as db:
        quotas.charge(db, office.caller.practice_id, size=1, seconds=1, max_bytes=9, max_seconds=9)
        subject_rotations.order(db, office.caller.practice_id, [session_id])
        further_recordings.add(db, office.caller.practice_id, target.session_id, uuid4(), 2000)
    chaining.chain_new(resources.database, b"a secret")
    with resources.database.transaction(office.caller.practice_id) as db:
        batch = audit_chain.latest(db, [office.caller.practice_id])[office.caller.practice_id]
        trail_removals.add(db, batch, lines=1, removed_at=batch.sealed_at, code=b"code")
    return session_id


def supervise(resources: Resources, office: Office, session_id: UUID) -> None:
    """The session is open to a supervisor."""
    caller = office.caller
    boss = accounts.create_therapist(resources, caller.practice_id, "Supervisor").id
    people.change(resources, caller, caller.therapist_id, {"supervisor_id": boss})
    supervision.grant(resources, caller, session_id)
    with everything(resources) as db:  # the service would close the session
        db.execute(text("UPDATE therapists SET supervisor_id = NULL"))


def sign_somebody_in(resources: Resources, office: Office) -> None:
    """A login, a browser session, an invitation."""
    practice_id, therapist_id = office.caller.practice_id, office.caller.therapist_id
    give_login(resources, practice_id, therapist_id, "a.therapist")
    accounts.create_therapist(resources, practice_id, "Boss", accounts.ADMINISTRATOR)
    assert invitations.first_administrator_code(resources, practice_id)
    client = Client("192.0.2.1", "A browser")
    signing_in.sign_in(resources, "a.therapist", PASSPHRASE, client)
    second_factor.offer(resources, office.caller)
    second_factor.new_codes(resources, office.caller)
    ids = {"practice_id": practice_id, "therapist_id": therapist_id}
    with resources.database.transaction(practice_id) as db:
        db.add(ProviderIdentity(issuer="https://provider.example", subject="one", **ids))
        db.add(Passkey(id=uuid4(), credential_id=b"id", credential=b"key", sign_count=0, name="Key", **ids))


def keep_records(resources: Resources, office: Office, session_id: UUID) -> None:
    """Signed notes, an offer that was dismissed, process notes, a template."""
    caller = office.caller
    offer_notes(resources, office, session_id)
    note_writing.dismiss(resources, caller, session_id, 2)
    for alert in risk_alerts.page(resources, caller, limit=10).items:
        risk_alerts.acknowledge(resources, caller, alert.id, None)
    signing.sign(resources, caller, session_id)
    letter = disclosures.New("Dr. Miller", "A letter", "treatment")
    disclosures.record(resources, caller, office.patient_id, letter)
    whose = {"practice_id": caller.practice_id, "therapist_id": caller.therapist_id}
    sealed = resources.vault.seal(Subject(caller.practice_id, session_id), "process_notes", {})
    with resources.database.transaction(caller.practice_id) as db:
        db.add(ProcessNotes(session_id=session_id, revision=1, body=sealed, **whose))
        names = {"practice_id": caller.practice_id, "created_by": caller.therapist_id}
        db.add(NoteTemplate(id=uuid4(), name="own", body=sealed, **names))


def hear_the_patient(resources: Resources, office: Office) -> None:
    """A participant who consents, a request for a copy, a flag, and an emergency."""
    caller, patient_id = office.caller, office.patient_id
    other = consents.add_participant(resources, caller, patient_id, "Another")
    given = Statement(ConsentEvent.GIVEN, tuple(ConsentScope), method="verbal", participant_id=other)
    consents.say(resources, caller, patient_id, given)
    part2.flag_patient(resources, caller, patient_id, True)
    who = accounts.create_therapist(resources, caller.practice_id, "Colleague").id
    emergency.begin(resources, replace(caller, therapist_id=who), "Urgent.", patient_id=patient_id, name=None)
    requests.create(resources, caller, patient_id, RequestKind.ACCESS, "All of it.")
    packages.request(resources, caller, patient_id, Lock(PackageForm.ZIP, "x" * 20))
    where = {"session_id": uuid4(), "start_seconds": 1.0, "end_seconds": 2.0}
    whose = {"practice_id": caller.practice_id, "patient_id": patient_id, "attached_by": caller.therapist_id}
    with resources.database.transaction(caller.practice_id) as db:
        db.add(ConsentEvidence(id=uuid4(), **where, **whose))


def tell_a_webhook(resources: Resources, office: Office) -> None:
    """A message in the outbox, with one attempt."""
    endpoint_id = subscribe(resources, office)
    with resources.database.transaction(office.caller.practice_id) as db:
        delivery = outbox.enqueue_test(db, office.caller.practice_id, endpoint_id)
        db.add(WebhookAttempt(practice_id=office.caller.practice_id, delivery_id=delivery.id, milliseconds=1))


@pytest.fixture
def neighbour(resources: Resources) -> Office:
    return make_office(resources)


def walled(resources: Resources) -> dict[str, str]:
    """Every table that tells practices apart, and the column by which it does."""
    with everything(resources) as db:
        found = db.scalars(
            text(
                "SELECT table_name FROM information_schema.columns JOIN information_schema.tables"
                " USING (table_schema, table_name)"
                " WHERE table_schema = 'public' AND column_name = 'practice_id'"
                " AND table_type = 'BASE TABLE'"
            )
        ).all()
    return {PRACTICES: "id"} | dict.fromkeys(found, "practice_id")


def count(db: DbSession, table: str) -> int:
    return db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def sqlstate_of(database: Database, practice_id: UUID, statement: str) -> str | None:
    """The SQLSTATE with which Postgres refuses the statement of this practice; None if it does not."""
    try:
        with database.transaction(practice_id) as db:
            db.execute(text(statement))
    except DatabaseError as error:
        return str(error)[-6:-1]
    return None


def test_every_table_of_a_practice_is_walled_and_bound_for_its_owner_too(resources: Resources) -> None:
    with everything(resources) as db:
        rows = db.execute(
            text(
                "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
                " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            )
        ).all()
        policies = db.execute(text("SELECT * FROM pg_policies")).all()
    security = {row.relname: (row.relrowsecurity, row.relforcerowsecurity) for row in rows}
    # Others only narrow what this one lets through.
    lets_through = [one for one in policies if APPLICATION in one.roles and one.permissive == "PERMISSIVE"]
    own = {policy.tablename: policy for policy in lets_through}
    assert len(own) == len(lets_through)
    assert len(walled(resources)) >= 9
    for table, column in walled(resources).items():
        assert security[table] == (True, True), table
        assert own[table].cmd == "ALL"
        assert own[table].qual == own[table].with_check
        assert f"({column} = (NULLIF(current_setting('app.practice'" in own[table].qual
    assert not [policy for policy in policies if "public" in policy.roles]
    # Counts, names of processes, the check value and digests of who tried to sign in belong to no practice.
    unwalled = {
        "alembic_version",
        "tallies",
        "signs_of_life",
        "reconciliations",
        "key_store_checks",
        "failed_tries",
        "passkey_challenges",
        "provider_logouts",
    }
    assert set(security) - set(walled(resources)) == unwalled


def test_what_was_said_is_out_of_the_operators_reach(resources: Resources, session_id: UUID) -> None:
    for table in ("outputs", "notes", "patients"):
        with pytest.raises(DatabaseError, match=REFUSED), resources.database.operating() as db:
            count(db, table)
    for column in ("audio_filename", "vocabulary", "patient_id", "error_detail"):
        with pytest.raises(DatabaseError, match=REFUSED), resources.database.operating() as db:
            db.execute(text(f"SELECT {column} FROM sessions"))
    for change in (
        "UPDATE sessions SET status = 'failed'",
        "DELETE FROM steps",
        "UPDATE api_keys SET scopes = '{}'",
        "UPDATE audit_events SET actor = 'nobody'",  # which it reads, to chain them
        "DELETE FROM audit_events",
        "UPDATE audit_batches SET head = ''",
        "DELETE FROM audit_batches",
    ):
        with pytest.raises(DatabaseError, match=REFUSED), resources.database.operating() as db:
            db.execute(text(change))


def test_neither_role_may_log_in_own_a_table_or_pass_the_wall(resources: Resources) -> None:
    with everything(resources) as db:
        roles = db.execute(
            text(
                "SELECT rolname, rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole AS strong"
                " FROM pg_roles WHERE rolname IN (:one, :two)"
            ),
            {"one": APPLICATION, "two": OPERATOR},
        ).all()
        owners = set(db.scalars(text("SELECT tableowner FROM pg_tables WHERE schemaname = 'public'")))
        leaky = db.scalars(
            text(
                "SELECT relname FROM pg_class"
                " WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
            )
        ).all()
        definers = db.scalars(
            text("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace")
        ).all()
    assert {role.rolname: role.strong for role in roles} == {APPLICATION: False, OPERATOR: False}
    assert not owners & {APPLICATION, OPERATOR}
    assert leaky == definers == []


def test_without_a_practice_every_table_is_empty(resources: Resources, session_id: UUID) -> None:
    tables = walled(resources)
    with everything(resources) as db:
        assert all(count(db, table) for table in tables)
    for practice in (None, ""):
        with everything(resources) as db:
            db.execute(text(f"SET LOCAL ROLE {APPLICATION}"))
            if practice is not None:
                db.execute(text("SELECT set_config('app.practice', '', true)"))
            assert {table: count(db, table) for table in tables} == dict.fromkeys(tables, 0)


def test_the_owner_itself_sees_nothing(resources: Resources, session_id: UUID) -> None:
    url = resources.settings.owner_url.replace("+psycopg2", "")
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            for table in walled(resources):
                cursor.execute(f"SELECT count(*) FROM {table}")
                assert cursor.fetchone() == (0,), table
    finally:
        connection.close()


def outcome(db: DbSession, statement: str) -> str:
    """What becomes of the statement, which is undone: how it is refused, or whether it did anything."""
    point = db.begin_nested()
    try:
        touched = db.execute(text(statement + " RETURNING 1")).all()
    except ProgrammingError as error:
        state = str(getattr(error.orig, "pgcode", None))
        return state + (" row-level security" if "row-level security" in str(error) else "")
    else:
        return "something" if touched else "nothing"
    finally:
        point.rollback()


# --- The first wall taken away: no filter, only row-level security ---


def test_without_filters_nothing_of_another_practice_shows(
    resources: Resources, office: Office, neighbour: Office, session_id: UUID
) -> None:
    theirs = office.caller.practice_id
    for table, column in walled(resources).items():
        with everything(resources) as db:
            held = db.execute(text(f"SELECT count(*) FROM {table} WHERE {column} = :p"), {"p": theirs})
            assert held.scalar_one() > 0, f"{table} has nothing to be hidden"
        with resources.database.transaction(neighbour.caller.practice_id) as db:
            rows = db.execute(text(f"SELECT {column} FROM {table}")).scalars().all()
            assert theirs not in rows, table
        with resources.database.transaction(theirs) as db:
            assert set(db.execute(text(f"SELECT {column} FROM {table}")).scalars()) == {theirs}


def test_without_filters_nothing_of_another_practice_can_be_changed_or_deleted(
    resources: Resources, office: Office, neighbour: Office, session_id: UUID
) -> None:
    """Rights that the application lacks are lent to it, so that the wall alone stands in the way."""
    mine, theirs = neighbour.caller.practice_id, office.caller.practice_id
    for table, column in walled(resources).items():
        with everything(resources) as db:
            before = db.execute(text(f"SELECT * FROM {table} WHERE {column} = :p"), {"p": theirs}).all()
            db.execute(text(f"GRANT ALL ON {table} TO {APPLICATION}"))
            db.execute(text("SET LOCAL session_replication_role = replica"))  # audit triggers look away
            db.execute(text(f"SET LOCAL ROLE {APPLICATION}"))
            db.execute(text("SELECT set_config('app.practice', :p, true)"), {"p": str(mine)})
            changed = db.execute(
                text(f"UPDATE {table} SET {column} = {column} WHERE {column} = :p RETURNING 1"), {"p": theirs}
            ).all()
            gone = db.execute(
                text(f"DELETE FROM {table} WHERE {column} = :p RETURNING 1"), {"p": theirs}
            ).all()
            db.execute(text("RESET ROLE"))
            db.execute(text("SET LOCAL ROLE test_inspector"))
            after = db.execute(text(f"SELECT * FROM {table} WHERE {column} = :p"), {"p": theirs}).all()
            db.rollback()
        assert (changed, gone) == ([], []), table
        assert before == after


def test_nothing_can_be_inserted_for_another_practice_or_moved_to_it(
    resources: Resources, office: Office, neighbour: Office, session_id: UUID
) -> None:
    mine, theirs = neighbour.caller.practice_id, office.caller.practice_id
    for table, column in walled(resources).items():
        with everything(resources) as db:
            columns = db.scalars(
                text("SELECT column_name FROM information_schema.columns WHERE table_name = :t"), {"t": table}
            ).all()
            db.execute(
                text(
                    "CREATE TEMPORARY TABLE copied ON COMMIT DROP AS"
                    f" SELECT * FROM {table} WHERE {column} = :p LIMIT 1"
                ),
                {"p": theirs},
            )
            db.execute(text(f"GRANT SELECT ON copied TO {APPLICATION}"))
            db.execute(text(f"GRANT UPDATE, INSERT ON {table} TO {APPLICATION}"))
            db.execute(text("SET LOCAL session_replication_role = replica"))
            db.execute(text(f"SET LOCAL ROLE {APPLICATION}"))
            db.execute(text("SELECT set_config('app.practice', :p, true)"), {"p": str(mine)})
            names = ", ".join(columns)
            for attempt in (
                f"INSERT INTO {table} ({names}) SELECT {names} FROM copied",
                f"UPDATE {table} SET {column} = '{theirs}'",
            ):
                assert outcome(db, attempt) in ("42501 row-level security", "nothing"), (table, attempt)
            db.rollback()


def test_a_child_of_another_practices_row_is_refused_as_one_of_no_row(
    resources: Resources, office: Office, neighbour: Office, session_id: UUID
) -> None:
    mine = neighbour.caller.practice_id
    for session in (session_id, uuid4()):
        statement = (
            "INSERT INTO notes (session_id, practice_id, version, body, engine, template)"
            f" VALUES ('{session}', '{mine}', 99, '', 'x', 'x')"
        )
        assert sqlstate_of(resources.database, mine, statement) == "23503"
    for therapist in (office.caller.therapist_id, uuid4()):
        statement = (
            "INSERT INTO patients (id, practice_id, therapist_id, name)"
            f" VALUES ('{uuid4()}', '{mine}', '{therapist}', '')"
        )
        assert sqlstate_of(resources.database, mine, statement) == "23503"


# --- The second wall taken away: no row-level security, only filters ---


@contextmanager
def row_security_off(resources: Resources) -> Iterator[None]:
    """The policies of every table put out of force."""
    tables = walled(resources)
    with everything(resources) as db:
        for table in tables:
            db.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
    try:
        yield
    finally:
        with everything(resources) as db:
            for table in tables:
                db.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))


def test_without_row_security_the_filters_still_hide_others_records(
    resources: Resources, office: Office, neighbour: Office, session_id: UUID
) -> None:
    stranger = neighbour.caller
    with row_security_off(resources):
        with resources.database.transaction(stranger.practice_id) as db:
            seen = db.execute(text("SELECT practice_id FROM sessions")).scalars().all()
        assert office.caller.practice_id in seen, "the wall still stands: this test would prove nothing"
        for ask in (
            lambda: sessions.get(resources, stranger, session_id),
            lambda: sessions.transcript(resources, stranger, session_id),
            lambda: notes.read(resources, stranger, session_id),
            lambda: note_writing.edit(resources, stranger, session_id, {}, "*"),
            lambda: signing.sign(resources, stranger, session_id),
            lambda: signing.add_addendum(resources, stranger, session_id, "x"),
            lambda: exporting.export(resources, stranger, session_id),
            lambda: process_notes.read(resources, stranger, session_id),
            lambda: process_notes.write(resources, stranger, session_id, "x", "*"),
            lambda: sessions.extract_again(resources, stranger, session_id),
            lambda: sessions.retry(resources, stranger, session_id),
            lambda: cancellation.cancel(resources, stranger, session_id),
            lambda: deletion.delete(resources, stranger, session_id),
            lambda: event_feed.begin(resources, stranger, session_id, 0),
            lambda: event_feed.news(resources, stranger, session_id, 0),
            lambda: playback.recording(resources, stranger, session_id).__enter__(),
            lambda: patients.get(resources, stranger, office.patient_id),
            lambda: patients.change(resources, stranger, office.patient_id, {"name": "Mine"}),
            lambda: patients.delete(resources, stranger, office.patient_id),
            lambda: consent.check(resources, stranger, office.patient_id),
        ):
            with pytest.raises(NotFound):
                ask()
        assert sessions.page(resources, stranger, sessions.Wanted(), limit=50).items == []
        assert [found.id for found in patients.page(resources, stranger, limit=50).items] == [
            neighbour.patient_id
        ]


def test_without_row_security_the_api_still_hides_others_keys(
    resources: Resources, office: Office, neighbour: Office, session_id: UUID
) -> None:
    theirs, _ = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    practice_id = neighbour.caller.practice_id
    administrator = accounts.create_therapist(resources, practice_id, "Office", accounts.ADMINISTRATOR)
    _, secret = accounts.create_key(resources, practice_id, administrator.id)
    call = Caller(app_of(resources).test_client(), secret)
    with row_security_off(resources):
        shown = call("GET", "/api/keys")
        assert {key["therapist_id"] for key in shown.json} == {str(administrator.id)}
        assert str(office.caller.therapist_id) not in call("GET", "/api/therapists").text
        assert call("DELETE", f"/api/keys/{theirs.id}").status_code == 404
        wanted = {"therapist_id": str(office.caller.therapist_id)}
        assert call("POST", "/api/keys", json=wanted).status_code == 403


# --- What lies between transactions ---


def test_a_pooled_connection_carries_neither_role_nor_practice_over(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    database = Database(resources.settings.database_url, pool_size=1)
    practice_id = office.caller.practice_id
    asked = text("SELECT pg_backend_pid(), current_user, current_setting('app.practice', true)")
    try:
        with database.transaction(practice_id) as db:
            pid, user, practice = db.execute(asked).one()
        assert (user, practice) == (APPLICATION, str(practice_id))
        assert as_lent(database) == (pid, "sessionscribe", "", False)
        with pytest.raises(RuntimeError, match="broke"), database.transaction(practice_id) as db:
            db.execute(asked)
            raise RuntimeError("broke")
        assert as_lent(database) == (pid, "sessionscribe", "", False)
        with database.operating() as db:
            assert db.execute(asked).one() == (pid, OPERATOR, "")
        assert as_lent(database) == (pid, "sessionscribe", "", False)
    finally:
        database.close()


def as_lent(database: Database) -> tuple[object, ...]:
    """What the pool's next borrower finds: process, role, practice, and whether it may look at sessions."""
    query = (
        "SELECT pg_backend_pid(), current_user, current_setting('app.practice', true),"
        " has_table_privilege('sessions', 'SELECT')"
    )
    with database._engine.connect() as connection:
        return tuple(connection.execute(text(query)).one())


@pytest.mark.parametrize(
    "change", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"]
)
def test_the_audit_trail_refuses_every_change_whoever_asks(
    resources: Resources, office: Office, session_id: UUID, change: str
) -> None:
    assert sqlstate_of(resources.database, office.caller.practice_id, change) == REFUSED
    with pytest.raises(Exception, match="append-only"), everything(resources) as db:  # a superuser
        db.execute(text(change))
    with everything(resources) as db:
        assert count(db, "audit_events") > 0
