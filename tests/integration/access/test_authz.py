"""The table of callers, routes and methods; and that others' records look exactly like none."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from shared.http import access
from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests import authz_matrix
from tests.authz_matrix import Place
from tests.integration.api_client import Caller, app_of, form, tone
from tests.servers import make_office

AGAIN = "run `python -m tests.authz_matrix` and read what it changes"
# What administrators are for. Everything else that is not public is content, also what is added later.
# (Operations and the trail tell ids, times and codes, and nothing that was said.)
FOR_ADMINISTRATORS_ALONE = (
    "/api/audit", "/api/holds", "/api/operations", "/api/practice", "/api/retention", "/api/therapists",
    "/api/webhooks",
)  # fmt: skip
# What the trail knows of a patient: with `audit:read` too, then without names and what is sealed.
ABOUT_A_PATIENT = tuple(
    f"{method} /api/patients/<id:patient_id>/{name}"
    for method in ("GET", "HEAD")
    for name in ("access-log", "disclosures")
)
FOR_ANY_KEY = (
    "/api/whoami",
    "/api/preferences",
    "/api/upload-limits",
    "GET /api/keys",
    "HEAD /api/keys",
    "/api/practice/signing-key",
)
# What the owner has none of in the furnished place, or another than the owner reads.
NOT_THE_OWNERS = ("/consent-heard", "/cosign", "/deletion-receipt", "/notes/unsaved", "/vocabulary/answers")
MANAGEMENT = (
    *FOR_ADMINISTRATORS_ALONE,
    "/api/keys",
    "/api/preferences",
    "/api/templates",
    "/api/upload-limits",
    "/api/whoami",
)
STRANGERS = ("other_practice", "other_administrator", "colleague", "browser_elsewhere")
WITHOUT_CREDENTIALS = ("nobody", "bad_key", "expired_key", "browser_signed_out")
ADMINISTRATORS = ("administrator", "other_administrator", "browser_administrator")
BROWSERS = ("browser_elsewhere", "browser_administrator", "browser_owner")
REFUSED = {"403", "404"}
REDEEM = "POST /api/enrolments"  # the code is the credential: a bad one is refused to all alike


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | authz_matrix.UNLIMITED


@pytest.fixture
def app(resources: Resources) -> Flask:
    return app_of(resources)


@pytest.fixture
def place(app: Flask, resources: Resources) -> Place:
    return authz_matrix.furnish(app, resources)


def calls() -> dict[str, dict[str, str]]:
    """The checked-in table without what is for everybody."""
    return {
        name: statuses
        for name, statuses in authz_matrix.checked_in().items()
        if name.split(" ")[1].startswith("/api/") and not name.startswith("OPTIONS ") and name != REDEEM
    }


def test_every_route_has_its_line_in_the_table(app: Flask) -> None:
    expected = {authz_matrix.call_name(rule, method) for rule, method in authz_matrix.routes(app)}
    assert set(authz_matrix.checked_in()) == expected, AGAIN


def test_every_caller_gets_what_the_table_says(app: Flask, resources: Resources) -> None:
    assert authz_matrix.answers(app, resources) == authz_matrix.checked_in(), AGAIN


def test_a_route_that_is_not_in_the_table_is_noticed(app: Flask) -> None:
    app.add_url_rule("/api/forgotten", "forgotten", lambda: "x")
    with pytest.raises(AssertionError, match="authz_matrix"):
        test_every_route_has_its_line_in_the_table(app)


def test_the_table_lets_nobody_in_without_a_good_key() -> None:
    for name, statuses in calls().items():
        found = {statuses[caller] for caller in WITHOUT_CREDENTIALS}
        assert found == {"401"}, name


def test_the_table_lets_no_key_do_what_it_has_no_scope_for() -> None:
    for name, statuses in calls().items():
        for_all_keys = name.endswith(FOR_ANY_KEY) or name.startswith(
            ("GET /api/templates", "HEAD /api/templates")
        )
        # This caller has every scope but the one that the route declares: there one of two is enough.
        assert statuses["without_scope"] == "403" or for_all_keys or name in ABOUT_A_PATIENT, name


def test_the_table_keeps_records_from_strangers_and_colleagues() -> None:
    # A practice's templates are everybody's in it, and hold nothing of a patient.
    with_ids = {name: s for name, s in calls().items() if "<id:" in name and "/api/templates" not in name}
    assert len(with_ids) >= 12
    for name, statuses in with_ids.items():
        assert {statuses[caller] for caller in STRANGERS} <= REFUSED, name


def test_the_table_keeps_all_content_from_administrators() -> None:
    content = {
        name: statuses
        for name, statuses in calls().items()
        if not name.split(" ")[1].startswith(MANAGEMENT) and name not in ABOUT_A_PATIENT
    }
    assert len(content) >= 15
    for name, statuses in content.items():
        assert {statuses[caller] for caller in ADMINISTRATORS} <= REFUSED, name


def test_the_table_opens_pages_to_browsers_that_are_signed_in_and_to_nothing_else() -> None:
    pages = {
        name: statuses
        for name, statuses in authz_matrix.checked_in().items()
        if statuses["nobody"] == "303"  # to the sign-in page
    }
    assert len(pages) >= 5
    for name, statuses in pages.items():
        others = {status for caller, status in statuses.items() if caller not in BROWSERS}
        assert others == {"303"}, name


def test_the_owner_is_served_so_that_refusals_mean_something() -> None:
    for name, statuses in calls().items():
        # A supervisor co-signs, a colleague reads in an emergency: these have their own tests.
        others = (*FOR_ADMINISTRATORS_ALONE, "/api/templates/", "/api/emergency-access/", "/api/supervision/")
        if not name.split(" ")[1].startswith(others) and not name.endswith(NOT_THE_OWNERS):
            assert statuses["owner"][0] == "2" or statuses["owner"] == "409", name


def visible(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a client can tell two answers apart by, but for the request id and the count of attempts."""
    request_id = answer.headers["X-Request-Id"]
    body = answer.data.replace(request_id.encode(), b"")
    told = [pair for pair in answer.headers if pair[0] not in ("X-Request-Id", "RateLimit")]
    return answer.status_code, body, told


def test_a_record_of_somebody_else_looks_exactly_like_none(app: Flask, place: Place) -> None:
    tried = 0
    for rule, method in authz_matrix.routes(app):
        if "<id:" not in rule.rule:
            continue
        shared = rule.rule.startswith("/api/templates")  # a practice's templates are everybody's in it
        policy = access.policy_of(app, rule.endpoint)
        is_page = policy is not None and policy.page
        for name in (stranger for stranger in STRANGERS if not (shared and stranger == "colleague")):
            caller = place.callers[name]
            if is_page and name not in BROWSERS:  # a key opens no page: nothing is looked up
                options = authz_matrix.body_of(rule, method, place)
                answer = caller(method, authz_matrix.path_of(rule, place), **options)
                assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/sign-in")
                continue
            theirs = caller(
                method, authz_matrix.path_of(rule, place), **authz_matrix.body_of(rule, method, place)
            )
            none = caller(
                method,
                authz_matrix.path_of(rule, place, uuid4()),
                **authz_matrix.body_of(rule, method, place),
            )
            assert visible(theirs) == visible(none), (name, method, rule.rule)
            assert theirs.status_code in (403, 404)
            tried += 1
    assert tried >= 36


def by_query(patient: object) -> dict[str, Any]:
    return {
        "query_string": {"patient_id": str(patient)},
        **form([("file", tone(), "a.wav", "audio/wav")]),
    }


def by_field(patient: object) -> dict[str, Any]:
    field = ("patient_id", str(patient).encode(), None, None)
    return form([field, ("file", tone(), "a.wav", "audio/wav")])


@pytest.mark.parametrize("options", [by_query, by_field])
@pytest.mark.parametrize("name", ["other_practice", "colleague"])
def test_an_upload_for_somebody_elses_patient_looks_like_one_for_none(
    place: Place, name: str, options: Any
) -> None:
    caller = place.callers[name]
    theirs = caller("POST", "/api/sessions/upload", **options(place.office.patient_id))
    none = caller("POST", "/api/sessions/upload", **options(uuid4()))
    assert theirs.status_code == 404
    assert visible(theirs) == visible(none)


@pytest.mark.parametrize("name", ["other_practice", "colleague"])
def test_a_list_by_somebody_elses_patient_is_empty_as_by_none(place: Place, name: str) -> None:
    caller = place.callers[name]
    theirs = caller("GET", "/api/sessions/", query_string={"patient_id": str(place.office.patient_id)})
    none = caller("GET", "/api/sessions/", query_string={"patient_id": str(uuid4())})
    assert theirs.json == []
    assert visible(theirs) == visible(none)


@pytest.mark.parametrize("name", ["other_practice", "other_administrator", "colleague"])
def test_a_key_for_somebody_elses_therapist_is_refused_as_for_none(place: Place, name: str) -> None:
    caller = place.callers[name]
    theirs = caller("POST", "/api/keys", json={"therapist_id": str(place.office.caller.therapist_id)})
    none = caller("POST", "/api/keys", json={"therapist_id": str(uuid4())})
    assert theirs.status_code == 403
    assert visible(theirs) == visible(none)


def test_two_practices_may_have_the_same_names(app: Flask, resources: Resources, place: Place) -> None:
    """No unique constraint over what a client chooses tells one practice about another."""
    other = make_office(resources).caller.practice_id
    boss = accounts.create_therapist(resources, other, "Boss", accounts.ADMINISTRATOR)
    caller = Caller(app.test_client(), accounts.create_key(resources, other, boss.id)[1])
    for administrator in (caller, place.callers["administrator"]):
        for _ in range(2):
            assert administrator("POST", "/api/therapists", json={"name": "Same"}).status_code == 201
            assert administrator("POST", "/api/keys", json={"label": "same"}).status_code == 201
