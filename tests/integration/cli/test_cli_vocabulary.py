"""Own words on the command line, against an API that only pretends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, KEY, FakeApi, Reply

PATH = "/api/vocabulary"
FOUND = {
    "words": ["Lamictal"],
    "practice": [],
    "offers": [{"id": "abc", "heard": "soul often", "word": "Zoloft", "times": 2}],
}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        for call in (f"GET {PATH}", f"PUT {PATH}", f"POST {PATH}/answers"):
            fake.will(call, Reply(200, FOUND))
        yield fake


@pytest.mark.parametrize(
    ("words", "method", "body"),
    [
        (["show"], "GET", None),
        (["set", "Lamictal", "Elm Street"], "PUT", {"words": ["Lamictal", "Elm Street"]}),
        (["set", "--no-words"], "PUT", {"words": []}),
        (["accept", "abc"], "POST", {"offer": "abc", "accept": True}),
        (["dismiss", "abc"], "POST", {"offer": "abc", "accept": False}),
    ],
)
def test_each_command_calls_the_api_and_shows_words_and_offers(
    server: FakeApi,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    method: str,
    body: object,
) -> None:
    Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
    assert run(["--data", str(tmp_path), "vocabulary", *words]) == Exit.OK
    (sent,) = [request for request in server.received if request.path.startswith(PATH)]
    assert (sent.method, json.loads(sent.body) if sent.body else None) == (method, body)
    shown = capsys.readouterr().out
    assert "your words: Lamictal" in shown
    assert "soul often" in shown


def test_words_and_no_words_exclude_each_other(tmp_path: Path) -> None:
    assert run(["--data", str(tmp_path), "vocabulary", "set"]) == Exit.USAGE
    assert run(["--data", str(tmp_path), "vocabulary", "set", "A", "--no-words"]) == Exit.USAGE
