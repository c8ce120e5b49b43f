"""The OpenAPI document against the running API: schemathesis, all checks, as three callers."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs
from uuid import UUID

import pytest
import schemathesis
from werkzeug.test import TestResponse

from shared.domain.webhooks import USUAL
from shared.services.access.caller import ON_REQUEST_SCOPES, THERAPIST_SCOPES
from shared.services.accounts import accounts
from shared.services.consents import history as consents
from shared.services.resources import Resources
from shared.services.retention import holds
from shared.services.retention.holds import Target
from shared.services.webhooks import delivery_log
from shared.services.webhooks import endpoints as webhooks
from tests.integration.api_client import Caller, app_of, caller_of
from tests.integration.eager import eager_queue, working_at
from tests.integration.schemathesis_hooks import PATIENT
from tests.integration.server import running_api
from tests.integration.sessions import bench_with
from tests.servers import Office, make_office

ROOT = Path(__file__).parents[3]
EXAMPLES = 5
LIMITS = {
    "SESSIONSCRIBE_ANONYMOUS_PER_MINUTE": "100000",
    "SESSIONSCRIBE_UPLOADS_PER_HOUR": "100000",
    "SESSIONSCRIBE_UPLOAD_ATTEMPTS_PER_HOUR": "1000000",
    "SESSIONSCRIBE_EXTRACTIONS_PER_HOUR": "100000",
}


# A stream of events lasts as long as its session is unfinished; its own tests read it.
EXCLUDED = ("--exclude-path-regex", "/events$")

# Ids that lead somewhere. What is deleted is not what everything else is asked of; the content
# of a recording is beyond any schema, so that a well-formed upload may still be refused.
CONFIGURATION = """\
hooks = "tests.integration.schemathesis_hooks"

[parameters]
"path.session_id" = "{session_id}"
"path.patient_id" = "{patient_id}"
"path.key_id" = "{key_id}"
"path.webhook_id" = "{webhook_id}"
"path.delivery_id" = "{delivery_id}"
"path.hold_id" = "{hold_id}"
"path.participant_id" = "{participant_id}"
"path.kind" = "recording"
"query.cursor" = "{cursor}"

[[operations]]
include-method = "DELETE"
[operations.parameters]
"path.session_id" = "{spare_session_id}"
"path.patient_id" = "{spare_patient_id}"

[[operations]]
include-path = "/api/sessions/upload"
[operations.checks.positive_data_acceptance]
expected-statuses = ["202", "400", "401", "403", "404", "409", "415", "422"]

# No schema can say that a revocation is not before its consent, nor what of it the patient has already.
[[operations]]
include-name-regex = "^(POST|PATCH) /api/patients"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422"]

# Nor that one of patient_id and name is there, nor that the patient is a colleague's.
[[operations]]
include-path-regex = "^/api/emergency-access"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422"]

# Nor which scopes the person of a key may have.
[[operations]]
include-name-regex = "^POST /api/keys$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409"]

# Nor that a webhook's address is https and not of a private network.
[[operations]]
include-name-regex = "^(POST|PATCH) /api/webhooks"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409"]

# Nor that a hold names a patient or a session, a review is to come, or a kind is counted from a signature.
[[operations]]
include-path-regex = "^/api/(holds|retention)"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422"]

# Nor which transcribers this server has.
[[operations]]
include-name-regex = "^PATCH /api/practice/engines$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422"]

[[operations]]
include-path-regex = "/(speakers|off-the-record)$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422"]

# Nor what of the notes is current, signed or on offer, what was said, or what an If-Match named.
[[operations]]
include-path-regex = "/((process-)?notes(/|$)|templates)"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "400", "401", "403", "404", "409", "412", "415", "422", "428"]

# Nor that a file's name has the ending of a recording, or that there is a bucket.
[[operations]]
include-path-regex = "^/api/direct-uploads"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "413", "415", "422"]

# Nor where an upload is, that it exists still, what its bytes hash to, that one of two headers tells its
# length, or how large one may be, which is a setting. What is in a header in Base64 is made by a hook.
[[operations]]
include-path-regex = "^/api/uploads"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "413", "460"]
# That protocol wants a 412 for another version of it, or none.
[operations.checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "5xx"]
[operations.checks.missing_required_header]
expected-statuses = ["400", "401", "403", "412", "415", "422"]

# Nor that a cursor came from the same list with the same filters.
[[operations]]
include-name-regex = "^GET /api/(sessions/|risk-alerts|webhooks/.*/deliveries)$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "422"]

[[operations]]
include-path = "/api/patients"
[operations.parameters]
"query.cursor" = "{patients_cursor}"
"""


@dataclass(frozen=True)
class Clinic:
    """A running API with processed sessions, whose ids the callers know."""

    url: str
    ids: dict[str, str]
    owner_key: str = field(repr=False)
    stranger_key: str = field(repr=False)
    administrator_key: str = field(repr=False)


@pytest.fixture
def clinic(
    environment: dict[str, str], resources: Resources, office: Office, tmp_path: Path
) -> Iterator[Clinic]:
    """An owner with processed sessions, and a stranger."""
    session_id, spare_session_id, _ = (processed_session(resources, office) for _ in range(3))
    owner_key, _ = key_of(resources, office)
    _, spare_key_id = key_of(resources, office)
    stranger_key, _ = key_of(resources, make_office(resources))
    call = Caller(app_of(resources).test_client(), owner_key)
    second = call("POST", "/api/patients", json={"name": "A. Second"})
    assert second.status_code == 201
    page = call("GET", "/api/sessions/?limit=1")
    webhook, _ = webhooks.create(resources, office.caller, "https://hook.example/", USUAL)
    administrator = accounts.create_therapist(resources, office.caller.practice_id, "Office", "administrator")
    _, administrator_key = accounts.create_key(resources, office.caller.practice_id, administrator.id)
    hold = holds.place(
        resources,
        office.caller,
        Target(UUID(second.json["id"])),
        matter="A",
        reason="B",
        review_on=date(2100, 1, 1),
    )
    ids = {
        "webhook_id": str(webhook.id),
        "delivery_id": str(delivery_log.test(resources, office.caller, webhook.id).id),
        "session_id": session_id,
        "spare_session_id": spare_session_id,
        "patient_id": str(office.patient_id),
        "spare_patient_id": second.json["id"],
        "hold_id": str(hold.id),
        "participant_id": str(
            consents.add_participant(resources, office.caller, office.patient_id, "A. Third")
        ),
        "key_id": spare_key_id,
        "cursor": cursor_in(page),
        "patients_cursor": cursor_in(call("GET", "/api/patients?limit=1")),
    }
    with running_api({**environment, **LIMITS}, tmp_path / "api.log") as url:
        yield Clinic(url, ids, owner_key, stranger_key, administrator_key)


def cursor_in(page: TestResponse) -> str:
    """That of the next page."""
    return parse_qs(page.headers["Link"].partition(">")[0])["cursor"][0]


def processed_session(resources: Resources, office: Office) -> str:
    eager = dataclasses.replace(resources, queue=eager_queue(resources.settings))
    session_id = caller_of(app_of(resources), resources, office).upload(office.patient_id).json["id"]
    with working_at(bench_with(eager)):
        eager.queue.publish(UUID(session_id))
    return str(session_id)


def key_of(resources: Resources, office: Office) -> tuple[str, str]:
    """A key with every scope that a therapist may have, and its id."""
    caller = office.caller
    scopes = THERAPIST_SCOPES | ON_REQUEST_SCOPES
    key, secret = accounts.create_key(resources, caller.practice_id, caller.therapist_id, scopes)
    return secret, str(key.id)


def find_nothing(
    clinic: Clinic,
    folder: Path,
    key: str | None,
    phases: str,
    *,
    only: str = "^/",
    examples: int = EXAMPLES,
) -> None:
    """Run schemathesis as whoever has ``key``; fail with its report if it finds anything."""
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(**clinic.ids))
    authorization = [] if key is None else ["--header", f"Authorization: Bearer {key}"]
    known = {PATIENT: clinic.ids["patient_id"]}
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run",
         f"{clinic.url}/openapi.json", *EXCLUDED,
         "--include-path-regex", only, "--checks", "all", "--mode", "all", "--max-examples", str(examples),
         "--phases", phases,
         "--generation-deterministic", "--continue-on-failure", "--no-color", *authorization],
        cwd=folder,
        env={**os.environ, **known, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    print(run.stdout, run.stderr)  # pytest shows it when this fails
    assert run.returncode == 0


# The client of all other tests holds their answers to the document (``documented``), those of the table of
# ``test_authz`` too, which calls each route as each caller. These runs find what no test thought of. Most of
# their cost is "coverage", which breaks the document in each place of each route: seventy calls to one.


def test_the_document_is_true_for_the_owner(clinic: Clinic, tmp_path: Path) -> None:
    find_nothing(clinic, tmp_path, clinic.owner_key, "fuzzing", examples=1)


@pytest.mark.long
def test_the_document_is_true_for_the_owner_wherever_it_is_broken(clinic: Clinic, tmp_path: Path) -> None:
    find_nothing(clinic, tmp_path, clinic.owner_key, "coverage,fuzzing,stateful")


@pytest.mark.long
def test_the_document_of_what_is_administrators_is_true_for_one(clinic: Clinic, tmp_path: Path) -> None:
    administrators = "^/api/(webhooks|holds|retention|practice/signing)"
    find_nothing(clinic, tmp_path, clinic.administrator_key, "coverage,fuzzing", only=administrators)


@pytest.mark.long
def test_the_document_of_records_is_true_for_another_practice(clinic: Clinic, tmp_path: Path) -> None:
    # Not "stateful": what the stranger makes is not what the ids of the configuration name. Where a path
    # names no record, the stranger is as any owner.
    find_nothing(clinic, tmp_path, clinic.stranger_key, "fuzzing", only=r"\{")


@pytest.mark.long
def test_the_document_is_true_for_nobody(clinic: Clinic, tmp_path: Path) -> None:
    find_nothing(clinic, tmp_path, None, "fuzzing,stateful")


def test_an_accepted_upload_is_answered_as_documented(resources: Resources, office: Office) -> None:
    app = app_of(resources)
    document = schemathesis.openapi.from_wsgi("/openapi.json", app)
    answer = caller_of(app, resources, office).upload(office.patient_id)
    document["/api/sessions/upload"]["POST"].validate_response(answer)
    assert answer.status_code == 202
