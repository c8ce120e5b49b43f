"""Webhooks driven as an administrator does: a real server, the command line, a courier that is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from cli.app import run
from cli.profile import Profile
from shared.services.accounts import accounts
from shared.services.lifecycle import cancellation
from shared.services.resources import Resources
from tests.fakes.receiver import Receiver, receiving, says
from tests.integration.server import running_api
from tests.integration.sessions import promise
from tests.servers import Office
from tests.waiting import wait_for


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    networks = {"SESSIONSCRIBE_WEBHOOK_NETWORKS": "127.0.0.0/8", "SESSIONSCRIBE_WEBHOOK_PORTS": "1-65535"}
    return {**environment, **networks}


@contextmanager
def running_courier(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as file:
        courier = subprocess.Popen(
            [sys.executable, "-m", "workers.courier"], env={**os.environ, **environment}, stderr=file
        )
    try:
        yield courier
    finally:
        courier.terminate()
        assert courier.wait(timeout=30) in (0, -signal.SIGKILL)


def test_a_webhook_is_added_tested_rotated_and_replayed_and_survives_a_killed_courier(
    environment: dict[str, str],
    resources: Resources,
    office: Office,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # a table as wide as its words
    person = accounts.create_therapist(resources, office.caller.practice_id, "Office", accounts.ADMINISTRATOR)
    _, key = accounts.create_key(resources, office.caller.practice_id, person.id)
    data = tmp_path / "data"

    def webhooks(*words: object) -> str:
        capsys.readouterr()
        assert run(["--data", str(data), "webhooks", *map(str, words)]) == 0
        return capsys.readouterr().out

    def deliveries(*words: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(webhooks("deliveries", made["id"], "--json", *words))
        return found

    def took(receiver: Receiver, kind: str) -> bool:
        return kind in [json.loads(request.body)["type"] for request in receiver.requests]

    with (
        running_api(environment, tmp_path / "api.log") as url,
        receiving(says(503), says(204)) as receiver,
    ):
        data.mkdir()
        Profile(url, "none", key).save(data)
        made = json.loads(webhooks("add", receiver.url, "--label", "Records", "--json"))
        session_id = promise(resources, office)
        cancellation.cancel(resources, office.caller, session_id)
        with running_courier(environment, tmp_path / "courier.log") as courier:
            wait_for(lambda: deliveries()[0]["attempts"], 30)  # refused once: it waits for its turn
            courier.kill()
        with running_courier(environment, tmp_path / "courier.log"):
            wait_for(lambda: deliveries("--state", "delivered"), 30)
            webhooks("test", made["id"])
            wait_for(lambda: took(receiver, "webhook.test"), 30)
            rotated = json.loads(webhooks("rotate", made["id"], "--json"))
            assert "paused (requested)" in webhooks("pause", made["id"])
            delivered = deliveries("--state", "delivered")[-1]
            webhooks("replay", made["id"], delivered["id"])
            assert len(deliveries("--state", "waiting")) == 1
            assert "active" in webhooks("resume", made["id"])
            wait_for(lambda: not deliveries("--state", "waiting"), 30)
        first, again, _, replayed = receiver.requests
        assert len({request.headers["webhook-id"] for request in (first, again, replayed)}) == 1
        assert json.loads(again.body)["data"] == {"session_id": str(session_id), "status": "cancelled"}
        for secret in (made["secret"], rotated["secret"]):
            Webhook(secret).verify(replayed.body.decode(), replayed.headers)
        assert "Records" in webhooks("list")
        assert "notes.signed" in webhooks("change", made["id"], "--event", "notes.signed")
        webhooks("remove", made["id"])
        assert json.loads(webhooks("list", "--json")) == []
    log = (tmp_path / "courier.log").read_text()
    assert receiver.url not in log
    assert made["secret"] not in log
