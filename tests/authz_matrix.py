"""Who may call what: every caller, route and method with the status that answers.

``python -m tests.authz_matrix`` writes ``authz_matrix.csv`` anew, for a person to read in the
diff; a test compares it with what the application answers. A new kind of id in a path gets a
line in ``RECORDS``, and a call that needs a body to get past its schema one in ``BODIES``.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule

import migrations
from api import auth
from api.uploads.tus import CONTENT_TYPE
from shared.db.connection.engine import Database
from shared.domain.consent import ConsentEvent, ConsentScope
from shared.domain.rights import PackageForm, RequestKind
from shared.domain.template_forms import Part, Template
from shared.domain.webhooks import USUAL
from shared.services.access import emergency
from shared.services.access.caller import ON_REQUEST_SCOPES, THERAPIST_SCOPES, Scope
from shared.services.accounts import accounts, credentials
from shared.services.consents import history as consents
from shared.services.consents.history import Statement
from shared.services.notes import process_notes, templates
from shared.services.resources import Resources
from shared.services.retention import holds
from shared.services.retention.holds import Target
from shared.services.rights import packages, packaging, requests
from shared.services.rights.packages import Lock
from shared.services.uploads import tus_creation
from shared.services.uploads.registration import UploadDetails
from shared.services.webhooks import delivery_log
from shared.services.webhooks import endpoints as webhooks
from shared.settings import load
from tests.database import everything, make_inspector
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import Caller, app_of, form, tone
from tests.integration.browser import Browser, browser_of
from tests.integration.notes_calls import offer_notes
from tests.integration.resumable import TUS, metadata
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office, environment_of, make_office, make_resources
from tests.snapshots import snapshot_of
from tests.stack import running_postgres, running_redis, temporary_folder

# Strangers ask for everything within a few minutes.
UNLIMITED = {"SESSIONSCRIBE_ANONYMOUS_PER_MINUTE": "1000000"}
FILE = Path(__file__).parent / "authz_matrix.csv"


@dataclass(frozen=True)
class Place:
    """A practice with everything in it, and one that has nothing to do with it."""

    office: Office
    session_id: UUID
    key_id: UUID
    webhook_id: UUID
    delivery_id: UUID
    alert_id: UUID
    upload_id: UUID
    template_id: UUID
    participant_id: UUID
    request_id: UUID
    access_id: UUID
    browser_session_id: UUID
    hold_id: UUID
    package_id: UUID
    callers: dict[str, Caller | Browser]


# What an id in a path names: something of the owner's. In the order of the columns below, strangers
# call first and the owner last, so that what an allowed call changes troubles nobody before. The owner in a
# browser comes after the owner with a key: what that one deleted is gone.
RECORDS: dict[str, Callable[[Place], object]] = {
    "session_id": lambda place: place.session_id,
    "patient_id": lambda place: place.office.patient_id,
    "therapist_id": lambda place: place.office.caller.therapist_id,
    "key_id": lambda place: place.key_id,
    "webhook_id": lambda place: place.webhook_id,
    "delivery_id": lambda place: place.delivery_id,
    "alert_id": lambda place: place.alert_id,
    "upload_id": lambda place: place.upload_id,
    "template_id": lambda place: place.template_id,
    "browser_session_id": lambda place: place.browser_session_id,
    "hold_id": lambda place: place.hold_id,
    "kind": lambda _: "recording",
    "name": lambda _: "start.js",
    "version": lambda _: "0" * 16,
    "file_name": lambda _: "site.css",
    "passkey_id": lambda place: place.key_id,  # of nobody: their owners' tests have some
    "code": lambda _: "2222",
    "number": lambda _: 0,
    "notes_version": lambda _: 1,
    "participant_id": lambda place: place.participant_id,
    "request_id": lambda place: place.request_id,
    "access_id": lambda place: place.access_id,
    "package_id": lambda place: place.package_id,
}
CALLERS = (
    "nobody",
    "bad_key",
    "expired_key",
    "without_scope",
    "other_practice",
    "other_administrator",
    "colleague",
    "administrator",
    "browser_signed_out",
    "browser_elsewhere",
    "browser_administrator",
    "owner",
    "browser_owner",
)
SESSION, PATIENT = "/sessions/<id:session_id>", "/patients/<id:patient_id>"
NOTES = "/api/sessions/<id:session_id>/notes"
OWN_TEMPLATE = {"name": "intake", "title": "Intake", "parts": [{"name": "why", "title": "Reasons"}]}
BODIES: dict[str, Callable[[Place], dict[str, Any]]] = {
    "POST /api/enrolments": lambda _: {"json": {"code": "none"}},
    "POST /api/sessions/upload": lambda place: {
        "query_string": {"patient_id": str(place.office.patient_id)},
        **form([("file", tone(), "session.wav", "audio/wav")]),
    },
    f"POST {NOTES}/sign": lambda place: _answered(place),
    f"PUT {NOTES}": lambda _: {"json": {"extracted_notes": {}}, "headers": {"If-Match": "*"}},
    f"PUT {NOTES}/unsaved": lambda _: {"json": {"tag": "any", "fields": {}}},
    f"POST {NOTES}/render": lambda _: {"json": {"template": "soap"}},
    f"POST {NOTES}/accept": lambda _: {"json": {"version": 2}},
    f"POST {NOTES}/dismiss": lambda _: {"json": {"version": 2}},
    f"POST {NOTES}/addenda": lambda _: {"json": {"text": "Something else."}},
    "POST /api/uploads": lambda place: {
        "headers": {**TUS, "Upload-Length": "2000", "Upload-Metadata": metadata(place.office.patient_id)}
    },
    "HEAD /api/uploads/<id:upload_id>": lambda _: {"headers": TUS},
    "DELETE /api/uploads/<id:upload_id>": lambda _: {"headers": TUS},
    "POST /api/uploads/<id:upload_id>/finish": lambda _: {"headers": TUS},
    "PATCH /api/uploads/<id:upload_id>": lambda _: {
        "headers": {**TUS, "Upload-Offset": "0", "Content-Type": CONTENT_TYPE},
        "data": b"a part",
    },
    "POST /api/direct-uploads": lambda place: {
        "json": {
            "bytes": 2000,
            "file_name": "a.wav",
            "file_type": "audio/wav",
            "patient_id": str(place.office.patient_id),
        }
    },
    "PUT /api/sessions/<id:session_id>/process-notes": lambda _: {
        "json": {"text": "Mine."},
        "headers": {"If-Match": "*"},
    },
    "POST /patients/<id:patient_id>/upload": lambda _: form([("file", tone(), "session.wav", "audio/wav")]),
    "POST /api/templates": lambda _: {"json": OWN_TEMPLATE},
    "PUT /api/templates/<id:template_id>": lambda _: {"json": OWN_TEMPLATE},
    "PUT /api/templates/usual": lambda _: {"json": {"name": "soap"}},
    "POST /api/patients": lambda _: {"json": {"name": "Somebody"}},
    "PATCH /api/patients/<id:patient_id>": lambda _: {"json": {"name": "Somebody"}},
    "POST /api/patients/<id:patient_id>/disclosures": lambda _: {
        "json": {"recipient": "A court", "what": "A letter", "purpose": "legal"}
    },
    "POST /api/webhooks": lambda _: {"json": {"url": "https://hook.example/"}},
    "PATCH /api/webhooks/<id:webhook_id>": lambda _: {"json": {"label": "Records"}},
    "POST /api/webhooks/<id:webhook_id>/replay": lambda _: {"json": {"since": "2026-01-01"}},
    "PATCH /api/practice/engines": lambda _: {"json": {"transcriber": None}},
    "POST /api/sessions/<id:session_id>/off-the-record": lambda _: {
        "json": {"ranges": [{"start": 1.0, "end": 2.0}]}
    },
    "PUT /api/sessions/<id:session_id>/transcript/corrections": lambda _: {
        "json": {"corrections": [{"segment": 0, "was": "I want to die tonight.", "text": "Not tonight."}]}
    },
    "PUT /api/sessions/<id:session_id>/speakers": lambda _: {
        "json": {"speakers": [{"label": "Speaker 1", "role": "client"}]}
    },
    "POST /templates/new": lambda _: {"data": {"title": "Intake", "title.0": "Why"}},
    "POST /templates/<id:template_id>": lambda _: {"data": {"title": "Intake", "title.0": "Why"}},
    "POST /templates/usual": lambda _: {"data": {"name": "soap"}},
    "POST /patients": lambda _: {"data": {"name": "Somebody"}},
    f"POST {PATIENT}/consent": lambda _: {"data": {"on": _today(), "do": "revoke"}},
    f"POST {PATIENT}/consents": lambda _: {"data": {"on": _today(), "do": "withdraw", "scope": "ai_notes"}},
    f"POST {PATIENT}/participants": lambda _: {"data": {"name": "Somebody"}},
    f"POST /api{PATIENT}/consents": lambda _: {"json": {"event": "withdrawn", "scopes": ["ai_notes"]}},
    "POST /api/emergency-access": lambda place: {
        "json": {"patient_id": str(place.office.patient_id), "reason": "Urgent."}
    },
    "POST /emergency-access": lambda _: {"data": {"name": "Pat Ient", "reason": "Urgent."}},
    f"POST {PATIENT}/part2": lambda _: {"data": {"flagged": "yes"}},
    f"PUT /api{PATIENT}/part2": lambda _: {"json": {"is_part2": True}},
    f"PUT /api{SESSION}/part2": lambda _: {"json": {"is_part2": True}},
    f"POST {PATIENT}/requests": lambda _: {"data": {"kind": "access", "words": "All of it."}},
    f"POST {PATIENT}/requests/<id:request_id>": lambda _: {"data": {"status": "fulfilled"}},
    f"POST /api{PATIENT}/requests": lambda _: {"json": {"kind": "access", "words": "All of it."}},
    f"POST /api{PATIENT}/requests/<id:request_id>/decision": lambda _: {"json": {"status": "fulfilled"}},
    f"POST /api{PATIENT}/packages": lambda _: {"json": {"password": "x" * 20}},
    f"POST {PATIENT}/packages": lambda _: {"data": {"lock": "x" * 20}},
    f"POST /api{PATIENT}/participants": lambda _: {"json": {"name": "Somebody"}},
    f"POST {PATIENT}/disclosures": lambda _: {
        "data": {"recipient": "A court", "what": "A letter", "purpose": "legal"}
    },
    "POST /webhooks": lambda _: {"data": {"url": "https://hook.example/", "event": "session.processed"}},
    "POST /webhooks/<id:webhook_id>/pause": lambda _: {"data": {"paused": "yes"}},
    "POST /engines/away": lambda _: {"data": {"allowed": "no"}},
    f"POST {PATIENT}/keeping": lambda _: {"data": {"birth_year": "1990"}},
    f"POST {PATIENT}/deletion": lambda _: {"data": {"sure": "yes", "signed_too": "yes"}},
    f"POST {PATIENT}/name": lambda _: {"data": {"name": "Somebody"}},
    f"POST {SESSION}/sign": lambda place: _answered(place) | {"json": None, "data": {"version": "1"}},
    f"POST {SESSION}/offer": lambda _: {"data": {"version": "2", "do": "accept"}},
    f"POST {SESSION}/addendum": lambda _: {"data": {"text": "Something else."}},
    f"POST {SESSION}/delete": lambda _: {"data": {"sure": "yes"}},
    f"POST {SESSION}/consent-heard": lambda _: {"data": {"start": "1"}},
    f"POST /api{SESSION}/consent-heard": lambda _: {"json": {"start": 1.0}},
    f"POST {SESSION}/speakers": lambda _: {
        "data": {"count": "1", "label.0": "Speaker 1", "role.0": "client"}
    },
    f"POST {SESSION}/off-the-record": lambda _: {"data": {"from": "0:01", "to": "0:02"}},
    f"POST {SESSION}/words/<int:number>": lambda _: {
        "data": {"was": "I want to die tonight.", "text": "Not tonight."}
    },
    "POST /api/holds": lambda place: {
        "json": {
            "session_id": str(place.session_id),
            "matter": "A",
            "reason": "B",
            "review_on": "2100-01-01",
        }
    },
    "POST /holds/new": lambda place: {
        "data": {
            "kind": "session",
            "record": str(place.session_id),
            "matter": "A",
            "reason": "B",
            "review_on": "2100-01-01",
        }
    },
    "POST /holds/<id:hold_id>/review": lambda _: {"data": {"review_on": "2100-01-02"}},
    "POST /retention": lambda _: {
        "data": {"kind": "recording", "event": "session", "days": "36500", "grace_days": "7"}
    },
    "PUT /api/retention/rules/<kind>": lambda _: {"json": {"event": "session", "days": 36500}},
    "PUT /api/patients/<id:patient_id>/retention": lambda _: {
        "json": {"birth_year": 1990, "keep_until": None}
    },
    "PATCH /api/holds/<id:hold_id>": lambda _: {"json": {"review_on": "2100-01-02"}},
    f"PUT /api{SESSION}/supervision": lambda _: {"json": {"granted": False}},
    f"POST {SESSION}/supervision": lambda _: {"data": {"do": "revoke"}},
    "PATCH /api/preferences": lambda _: {"json": {"theme": "system"}},
    "POST /account/preferences": lambda _: {"data": {"theme": "system"}},
    "PUT /api/practice/provider-roles": lambda _: {"json": {"claim": None}},
    "PUT /api/vocabulary": lambda _: {"json": {"words": ["Lamictal"]}},
    "POST /api/vocabulary/answers": lambda _: {"json": {"offer": "0", "accept": True}},
    "POST /vocabulary/answers": lambda _: {"data": {"offer": "0", "do": "accept"}},
    "POST /api/therapists": lambda _: {"json": {"name": "Somebody"}},
    "PATCH /api/therapists/<id:therapist_id>": lambda _: {"json": {"name": "Somebody"}},
}


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def routes(app: Flask) -> list[tuple[Rule, str]]:
    """Every route of the application with each of its methods, sorted."""
    found = [(rule, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()]
    return sorted(found, key=lambda item: (item[0].rule, item[1]))


def call_name(rule: Rule, method: str) -> str:
    """How a route is named here: ``GET /api/sessions/<id:session_id>``."""
    return f"{method} {rule.rule}"


def answers(app: Flask, resources: Resources) -> dict[str, dict[str, str]]:
    """The status that answers each caller, by route and method; after each change, all is put back."""
    found: dict[str, dict[str, str]] = {}
    place = furnish(app, resources)
    lacking = {scope: _lacking(app, resources, place, scope) for scope in (None, *Scope)}
    with snapshot_of(resources) as snapshot:
        for rule, method in routes(app):
            policy = auth.policy_of(app, rule.endpoint)
            callers = {name: caller.anew(app) for name, caller in place.callers.items()}
            callers["without_scope"] = lacking[policy.scope if policy else None].anew(app)
            asked = replace(place, callers=callers)
            statuses = {name: str(send(callers[name], asked, rule, method)) for name in CALLERS}
            found[call_name(rule, method)] = statuses
            if method not in ("GET", "HEAD"):
                snapshot.restore()
                _sign_in_again(resources)
    return found


def _sign_in_again(resources: Resources) -> None:
    """The table may take longer than people stay signed in and confirmed."""
    with everything(resources) as db:
        db.execute(text("UPDATE browser_sessions SET seen_at = now(), confirmed_at = now()"))


def _lacking(app: Flask, resources: Resources, place: Place, scope: Scope | None) -> Caller:
    """The owner with a key that has every scope of a therapist's but this one."""
    who = place.office.caller
    scopes = THERAPIST_SCOPES | ON_REQUEST_SCOPES
    key = accounts.create_key(resources, who.practice_id, who.therapist_id, scopes - {scope})[1]
    return Caller(app.test_client(), key)


def send(caller: Caller | Browser, place: Place, rule: Rule, method: str) -> int:
    """The status of one call about the owner's records; its body is not read, for it may not end."""
    answer = caller(method, path_of(rule, place), buffered=False, **body_of(rule, method, place))
    answer.close()
    return answer.status_code


def path_of(rule: Rule, place: Place, other: object = None) -> str:
    """The route's path with the owner's ids in it, or ``other`` in the stead of each id."""

    def named(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if name not in RECORDS:
            raise LookupError(f"say in RECORDS of tests/authz_matrix.py what <{name}> names: {rule.rule}")
        return str(other if other and kind == "id" else RECORDS[name](place))

    return re.sub(r"<(?:([^<>:]+):)?(\w+)>", named, rule.rule)


def body_of(rule: Rule, method: str, place: Place) -> dict[str, Any]:
    """What is sent with the call: enough to get past its schema, where that is known."""
    if wanted := BODIES.get(call_name(rule, method)):
        return wanted(place)
    return {"json": {}} if method in ("POST", "PUT", "PATCH") else {}


def furnish(app: Flask, resources: Resources) -> Place:
    """A new practice with a processed session, and every caller; the one without a scope lacks none yet."""
    office, elsewhere = make_office(resources), make_office(resources)
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber("i want to die tonight")), session_id)
    offer_notes(resources, office, session_id)
    process_notes.write(resources, office.caller, session_id, "Mine alone.", None)
    part = Part("plan", "Plan")
    template_id = templates.create(resources, office.caller, Template("own", "Own", (part,))).id
    assert template_id is not None
    mine, other = office.caller, elsewhere.caller
    everyday = THERAPIST_SCOPES | ON_REQUEST_SCOPES

    def person(practice_id: UUID, role: str) -> UUID:
        return accounts.create_therapist(resources, practice_id, "Somebody", role).id

    def client(practice_id: UUID, who: UUID, scopes: frozenset[Scope] | None = everyday) -> Caller:
        return Caller(app.test_client(), accounts.create_key(resources, practice_id, who, scopes)[1])

    boss = person(mine.practice_id, "administrator")
    browser = browser_of(app, resources, mine.practice_id, mine.therapist_id)
    callers: dict[str, Caller | Browser] = {
        "nobody": Caller(app.test_client(), None),
        "bad_key": Caller(app.test_client(), credentials.mint().secret),
        "expired_key": _expired(resources, client(mine.practice_id, mine.therapist_id)),
        "without_scope": client(mine.practice_id, mine.therapist_id),
        "other_practice": client(other.practice_id, other.therapist_id),
        "other_administrator": client(other.practice_id, person(other.practice_id, "administrator"), None),
        "colleague": client(mine.practice_id, person(mine.practice_id, "therapist")),
        "administrator": client(mine.practice_id, boss, None),
        "browser_signed_out": _signed_out(browser_of(app, resources, mine.practice_id, mine.therapist_id)),
        "browser_elsewhere": browser_of(app, resources, other.practice_id, other.therapist_id),
        "browser_administrator": browser_of(app, resources, mine.practice_id, boss),
        "owner": client(mine.practice_id, mine.therapist_id),
        "browser_owner": browser,
    }
    key, _ = accounts.create_key(resources, mine.practice_id, mine.therapist_id)
    alert_id = _alert(resources, session_id)
    details = UploadDetails(office.patient_id, datetime.now(UTC), "a.wav", "audio/wav")
    upload = tus_creation.create(resources, mine, 2000, details, "")
    device_id = UUID(browser("GET", "/api/whoami").json["key_id"])
    participant_id = consents.add_participant(resources, mine, office.patient_id, "Somebody")
    given = Statement(
        ConsentEvent.GIVEN, tuple(ConsentScope), method="written", participant_id=participant_id
    )
    consents.say(resources, mine, office.patient_id, given)
    request_id = requests.create(resources, mine, office.patient_id, RequestKind.ACCESS, "All of it.").id
    access_id = _opened_in_emergency(resources, office)
    made = (
        participant_id,
        request_id,
        access_id,
        device_id,
        _hold(resources, office),
        _package(resources, office),
    )
    others = (alert_id, upload.id, template_id, *made)
    return Place(office, session_id, key.id, *_webhook(resources, office), *others, callers)


def _hold(resources: Resources, office: Office) -> UUID:
    """A legal hold on another session, which somebody else asked to lift."""
    target = Target(session_id=promise(resources, office))
    hold = holds.place(resources, office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1))
    return holds.ask_to_lift(resources, office.caller, hold.id).id


def _package(resources: Resources, office: Office) -> UUID:
    """A copy of the record that was prepared."""
    lock = Lock(PackageForm.ZIP, "x" * 20)
    made = packages.request(resources, office.caller, office.patient_id, lock)
    assert packaging.run_due(resources, lambda *_: iter([b"a copy"])) >= 1
    return made.id


def _opened_in_emergency(resources: Resources, office: Office) -> UUID:
    """What a colleague opened of the owner's, which the owner may end and acknowledge."""
    who = accounts.create_therapist(resources, office.caller.practice_id, "Somebody else").id
    colleague = replace(office.caller, therapist_id=who)
    begun = emergency.begin(resources, colleague, "Urgent.", patient_id=office.patient_id, name=None)
    return begun.id


def _webhook(resources: Resources, office: Office) -> tuple[UUID, UUID]:
    """A webhook of the practice with a message to it."""
    endpoint, _ = webhooks.create(resources, office.caller, "https://hook.example/", USUAL)
    return endpoint.id, delivery_log.test(resources, office.caller, endpoint.id).id


def _alert(resources: Resources, session_id: UUID) -> UUID:
    """The alert that the session raised."""
    query = text("SELECT id FROM risk_alerts WHERE session_id = :session_id")
    with everything(resources) as db:
        return UUID(str(db.execute(query, {"session_id": session_id}).scalar_one()))


def _answered(place: Place) -> dict[str, Any]:
    """Nobody signs over an open alert."""
    acknowledged = place.callers["owner"]("POST", f"/api/risk-alerts/{place.alert_id}/acknowledge")
    assert acknowledged.status_code in (200, 409)  # for an earlier caller, or now
    return {"json": {}}


def _signed_out(browser: Browser) -> Browser:
    """A browser that still sends the cookie of a session that has ended."""
    secret = browser.cookie
    assert secret is not None
    browser.submit("/sign-out")
    browser.take(secret)
    return browser


def _expired(resources: Resources, caller: Caller) -> Caller:
    assert caller.key is not None
    with everything(resources) as db:
        db.execute(
            text("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE prefix = :prefix"),
            {"prefix": caller.key.split("_")[1]},
        )
    return caller


def as_csv(found: dict[str, dict[str, str]]) -> str:
    """The table as it is checked in: a line for each route and method, a column for each caller."""
    text_of = io.StringIO()
    writer = csv.writer(text_of, lineterminator="\n")
    writer.writerow(["method", "route", *CALLERS])
    for name, statuses in found.items():
        writer.writerow([*name.split(" ", 1), *(statuses[caller] for caller in CALLERS)])
    return text_of.getvalue()


def checked_in() -> dict[str, dict[str, str]]:
    """The table as it stands in the project."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            f"{line['method']} {line['route']}": {caller: line[caller] for caller in CALLERS}
            for line in csv.DictReader(file)
        }


def main() -> None:
    """Write the table anew, on servers of its own."""
    with running_postgres() as postgres, running_redis() as redis, temporary_folder() as folder:
        postgres.create_database()
        migrations.upgrade(postgres.owner_url)
        make_inspector(postgres)
        settings = load(environment_of(postgres, redis, folder) | UNLIMITED)
        database = Database(settings.database_url)
        resources = make_resources(settings, database)
        FILE.write_text(as_csv(answers(app_of(resources), resources)), encoding="utf-8")
        database.close()


if __name__ == "__main__":
    main()
