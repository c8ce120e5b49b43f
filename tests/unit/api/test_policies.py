"""What the policy of a route asks of its caller, with accounts and their sessions replaced."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, g

from api import auth
from shared.domain.errors import ConfirmationNeeded, InvalidInput, NotAllowed, NotAuthenticated
from shared.http import access, cookies, csrf, rate_limits
from shared.http.access import Policy
from shared.services.access.caller import Caller, Scope
from shared.services.accounts import credentials

ME = Caller(uuid4(), uuid4(), "therapist", frozenset({Scope.SESSIONS_READ}), uuid4())
PEPPER, SECRET = b"pepper", "secret"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
TOKEN = {csrf.HEADER: csrf.token_for(PEPPER, SECRET)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the accounts were asked, and whom they know."""
    told: dict[str, Any] = {"taken": [], "caller": ME}

    def by_key(_: object, key: str, *rest: object) -> Caller:
        told["key"] = (key, *rest)
        return ME

    def by_cookie(_: object, secret: str, *rest: object, **how: bool) -> object:
        told["cookie"] = (secret, *rest, how)
        return SimpleNamespace(caller=told["caller"], person_name="A", idle_minutes=15, preferences=None)

    known = SimpleNamespace(vault=SimpleNamespace(keys=SimpleNamespace(pepper=PEPPER)))
    monkeypatch.setattr(access, "resources", lambda: known)
    monkeypatch.setattr(access, "request_id", lambda: "request-1")
    monkeypatch.setattr(access.authentication, "authenticate", by_key)
    monkeypatch.setattr(access.browser_sessions, "authenticate", by_cookie)
    monkeypatch.setattr(rate_limits, "address", lambda: "192.0.2.1")
    monkeypatch.setattr(rate_limits, "take", told["taken"].append)
    return told


@pytest.fixture
def app() -> Flask:
    """An application without routes."""
    return Flask(__name__)


def check(app: Flask, policy: Policy, method: str = "GET", *, cookie: bool = False, **headers: str) -> Caller:
    """A request to a route under ``policy``; gives whom it found."""
    app.add_url_rule("/it", "it", access.declare(policy)(lambda: ""), methods=["GET", "POST"])
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie:
        named["Cookie"] = f"{cookies.SESSION}={SECRET}"
    with app.test_request_context("/it", method=method, headers=named):
        access.check_caller()
        return access.caller()


def test_a_scope_alone_asks_a_person_for_nothing_more(app: Flask) -> None:
    app.add_url_rule("/it", "it", auth.needs(Scope.KEYS)(lambda: ""))
    assert auth.policy_of(app, "it") == Policy((Scope.KEYS,), fresh=False, when_idle=False)
    app.add_url_rule("/fresh", "fresh", auth.needs(Scope.KEYS, fresh=True, when_idle=True)(lambda: ""))
    assert auth.policy_of(app, "fresh") == Policy((Scope.KEYS,), fresh=True, when_idle=True)


def test_a_key_and_a_person_are_not_public(app: Flask) -> None:
    app.add_url_rule("/any", "any", auth.any_key(lambda: ""))
    app.add_url_rule("/all", "all", auth.public(lambda: ""))
    assert auth.policy_of(app, "any") == Policy()
    assert auth.policy_of(app, "all") == Policy(public=True)


def test_an_undeclared_route_is_named_and_ends_the_start(app: Flask) -> None:
    for name in ("second", "first"):
        app.add_url_rule(f"/{name}", name, lambda: "")
    with pytest.raises(RuntimeError, match="policy: first, second, static"):
        auth.require_policies(app)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_key_is_taken_with_where_it_came_from(app: Flask, asked: dict[str, Any], scheme: str) -> None:
    assert check(app, Policy(), Authorization=f"{scheme}  ssk_1 ") == ME
    assert asked["key"] == ("ssk_1", "request-1", "192.0.2.1")
    assert asked["taken"] == []


@pytest.mark.parametrize("authorization", ["", "Basic ssk_1", "ssk_1"])
def test_what_is_no_key_is_refused_and_counted(app: Flask, asked: dict[str, Any], authorization: str) -> None:
    with pytest.raises(NotAuthenticated):
        check(app, Policy(), Authorization=authorization)
    assert "key" not in asked
    assert asked["taken"] == [rate_limits.ANONYMOUS]


def test_a_page_takes_no_key_and_says_where_to_sign_in(app: Flask, asked: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        check(app, Policy(page=True), Authorization="Bearer ssk_1")
    assert refusal.value.code == "sign_in_needed"
    assert "key" not in asked


def test_a_key_beside_a_cookie_is_refused(app: Flask, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check(app, Policy(), cookie=True, Authorization="Bearer ssk_1")
    assert refusal.value.code == "two_credentials"
    assert not {"key", "cookie"} & asked.keys()


def test_every_scope_is_needed(app: Flask, asked: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed) as refusal:
        check(app, Policy((Scope.SESSIONS_READ, Scope.NOTES_READ)), Authorization="Bearer ssk_1")
    assert refusal.value.code == "scope_missing"


@pytest.mark.parametrize(
    ("policy", "method", "fresh"),
    [
        (Policy((Scope.NOTES_SIGN,)), "POST", True),
        (Policy((Scope.SESSIONS_READ, Scope.KEYS)), "POST", True),
        (Policy((Scope.PEOPLE,)), "POST", True),
        (Policy((Scope.PEOPLE,)), "GET", False),
        (Policy((Scope.NOTES_WRITE,)), "POST", False),
        (Policy((Scope.PROCESS_NOTES_READ,)), "GET", True),
        (Policy((Scope.PROCESS_NOTES_WRITE,)), "GET", True),
        (Policy((Scope.SESSIONS_READ,), fresh=True), "GET", True),
        (Policy((Scope.SESSIONS_READ,)), "GET", False),
    ],
)
def test_what_a_stolen_browser_must_not_do_is_confirmed_first(
    app: Flask, asked: dict[str, Any], policy: Policy, method: str, fresh: bool
) -> None:
    for is_fresh in (True, False):
        asked["caller"] = replace(ME, scopes=frozenset(Scope), in_browser=True, is_fresh=is_fresh)
        application = Flask(__name__)
        if fresh and not is_fresh:
            with pytest.raises(ConfirmationNeeded):
                check(application, policy, method, cookie=True, **SAME_SITE, **TOKEN)
        else:
            assert check(application, policy, method, cookie=True, **SAME_SITE, **TOKEN).is_fresh == is_fresh


@pytest.mark.parametrize(
    ("policy", "method", "is_act", "also_idle"),
    [
        (Policy(page=True), "GET", True, False),
        (Policy(), "POST", True, False),
        (Policy(), "GET", False, False),
        (Policy(page=True, when_idle=True), "POST", False, True),
    ],
)
def test_what_a_page_asks_for_by_itself_keeps_no_session_awake(
    app: Flask, asked: dict[str, Any], policy: Policy, method: str, is_act: bool, also_idle: bool
) -> None:
    check(app, policy, method, cookie=True, **SAME_SITE, **TOKEN)
    how = {"is_act": is_act, "also_idle": also_idle}
    assert asked["cookie"] == (SECRET, "request-1", "192.0.2.1", how)


def test_without_the_second_factor_only_its_own_pages_open(app: Flask, asked: dict[str, Any]) -> None:
    asked["caller"] = replace(ME, is_complete=False)
    assert check(app, Policy(page=True, incomplete=True), cookie=True)
    with pytest.raises(NotAuthenticated) as refusal:
        check(Flask(__name__), Policy(page=True), cookie=True)
    assert refusal.value.code == "second_factor_needed"


@pytest.mark.parametrize(
    ("headers", "code"), [(TOKEN, "cross_site"), (SAME_SITE, "csrf_token_wrong"), (SAME_SITE | TOKEN, None)]
)
def test_another_site_changes_nothing_with_our_cookie(
    app: Flask, asked: dict[str, Any], headers: dict[str, str], code: str | None
) -> None:
    assert check(Flask(__name__), Policy(), cookie=True)
    if code is None:
        assert check(app, Policy(), "POST", cookie=True, **headers) == ME
        return
    with pytest.raises(NotAllowed) as refusal:
        check(app, Policy(), "POST", cookie=True, **headers)
    assert refusal.value.code == code


def test_a_view_that_reads_the_form_as_a_stream_finds_the_token_itself(
    app: Flask, asked: dict[str, Any]
) -> None:
    assert check(app, Policy(page=True, token_in_stream=True), "POST", cookie=True, **SAME_SITE) == ME


def test_the_page_knows_who_reads_it_and_for_how_long(app: Flask, asked: dict[str, Any]) -> None:
    app.add_url_rule("/it", "it", access.declare(Policy(page=True))(lambda: ""))
    with app.test_request_context("/it", headers={"Cookie": f"{cookies.SESSION}={SECRET}"}):
        access.check_caller()
        assert (g.person_name, g.idle_seconds, g.preferences) == ("A", 900, None)
        assert g.csrf_token == TOKEN[csrf.HEADER]


@pytest.mark.parametrize(("blueprint", "counted"), [("health", False), ("static_files", False), ("x", True)])
def test_calls_without_credentials_are_counted_except_of_balancers_and_files(
    app: Flask, asked: dict[str, Any], blueprint: str, counted: bool
) -> None:
    app.add_url_rule("/it", f"{blueprint}.it", auth.public(lambda: ""))
    with app.test_request_context("/it"):
        access.check_caller()
    with app.test_request_context("/missing"):
        access.check_caller()
    assert asked["taken"] == [rate_limits.ANONYMOUS] * (1 + counted)


@pytest.mark.parametrize(("page", "site"), [(True, "same-origin"), (True, "cross-site"), (False, None)])
def test_a_public_form_takes_nothing_from_another_site(
    app: Flask, asked: dict[str, Any], page: bool, site: str | None
) -> None:
    view = access.declare(Policy(public=True, page=page))(lambda: "")
    app.add_url_rule("/it", "it", view, methods=["GET", "POST"])
    with app.test_request_context("/it"):
        access.check_caller()
    with app.test_request_context("/it", method="POST", headers={"Sec-Fetch-Site": site} if site else {}):
        if site == "cross-site":
            with pytest.raises(NotAllowed):
                access.check_caller()
        else:
            access.check_caller()


@pytest.mark.parametrize("in_browser", [True, False])
def test_a_long_answer_asks_every_two_seconds_whether_its_caller_is_still_one(
    app: Flask, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, in_browser: bool
) -> None:
    asks: list[str] = []
    now = [100.0]
    monkeypatch.setattr(access.browser_sessions, "require_good", lambda *_: asks.append("browser"))
    monkeypatch.setattr(access.api_keys, "require_good", lambda *_: asks.append("key"))
    monkeypatch.setattr(access.time, "monotonic", lambda: now[0])
    with app.test_request_context("/"):
        g.caller = replace(ME, in_browser=in_browser)
        ask = access.recheck()
    for now[0] in (101.9, 102.0, 103.9, 104.0):
        ask()
    assert asks == ["browser" if in_browser else "key"] * 2


@pytest.fixture
def no_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text is the key that it holds."""
    monkeypatch.setattr(auth, "resources", lambda: None)
    monkeypatch.setattr(auth, "request_id", lambda: "request-1")
    monkeypatch.setattr(auth.authentication, "known_key", lambda _, text: text)


@pytest.mark.usefixtures("no_accounts")
@pytest.mark.parametrize("name", ["api_key", "ApiKey", "api-key", "access_token", "Authorization"])
def test_what_is_named_as_a_key_in_an_address_is_refused(app: Flask, name: str) -> None:
    with app.test_request_context("/", query_string={name: "x"}), pytest.raises(auth.KeyInUrl) as refusal:
        auth.refuse_keys_in_urls()
    assert refusal.value.key is None


@pytest.mark.usefixtures("no_accounts")
def test_a_key_in_an_address_is_refused_by_whatever_name(app: Flask) -> None:
    secret = credentials.mint().secret
    for query in ({"q": f"of {secret}"}, {f"of {secret}": ""}):
        with app.test_request_context("/", query_string=query), pytest.raises(auth.KeyInUrl) as refusal:
            auth.refuse_keys_in_urls()
        assert refusal.value.key == f"of {secret}"


def test_an_address_without_a_key_is_fine(app: Flask) -> None:
    with app.test_request_context("/", query_string={"q": "api_key", "limit": "1"}):
        auth.refuse_keys_in_urls()
