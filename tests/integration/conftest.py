"""For the integration rung alone: what many of its modules ask for, and what none of its tests is about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from shared.media.isolation.sandbox import Sandbox
    from shared.services.resources import Resources
    from tests.integration.api_client import Caller
    from tests.integration.notes_calls import Clinician
    from tests.servers import Office


@pytest.fixture
def app(resources: Resources) -> Flask:
    """The application."""
    from tests.integration.api_client import app_of

    return app_of(resources)


@pytest.fixture
def call(app: Flask, resources: Resources, office: Office) -> Caller:
    """The office's therapist, with a key."""
    from tests.integration.api_client import caller_of

    return caller_of(app, resources, office)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The decoder that the service runs with."""
    from shared.media.isolation.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    """A session of the office's with notes."""
    from tests.integration.notes_calls import processed

    return processed(resources, office)


@pytest.fixture
def me(resources: Resources, office: Office, session_id: UUID) -> Clinician:
    """The office's therapist, who reads and writes the notes of the session."""
    from tests.integration.notes_calls import clinician

    return clinician(resources, office, session_id)


@pytest.fixture(scope="module", autouse=True)
def cheap_passphrases() -> Iterator[None]:
    """Hash with argon2's least cost: hundreds of sign-ins at the real one take minutes.

    The unit tests hold the real cost to the RFC.
    """
    from argon2 import PasswordHasher

    from shared.services.sign_in import passphrases

    least = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrases, "_hasher", least)
        patch.setattr(passphrases, "NONE", least.hash("of nothing"))
        yield


@pytest.fixture(scope="module", autouse=True)
def unsynced_files() -> Iterator[None]:
    """Leave it to the kernel when files of this process reach the disk: no power fails here.

    A test waits for the disk about twenty times. Those of what is synced, and in which order, note the calls.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def routes_compiled_once() -> Iterator[None]:
    """Take apart each route once a process: nearly every test makes an application of the same 290.

    What comes of it depends on the route's text, and on settings of the map that all applications share.
    """
    from werkzeug.routing import Rule

    from shared.http.lazy_rules import LazyRule

    known: dict[tuple[Any, ...], Rule] = {}

    def compile_once(rule: LazyRule) -> None:
        assert rule.map is not None
        key = (rule.rule, rule.subdomain, rule.merge_slashes, *rule.map.converters.values())
        first = known.get(key)
        if first is None:
            Rule.compile(rule)
            known[key] = rule
            return
        rule._parts, rule._trace, rule._converters = first._parts, first._trace, first._converters
        rule.arguments |= first._converters.keys()
        rule._build = rule._compile_builder(False).__get__(rule, None)
        rule._build_unknown = rule._compile_builder(True).__get__(rule, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LazyRule, "compile", compile_once)
        yield
