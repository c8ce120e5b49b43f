"""Words corrected on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.app import run
from cli.exits import Exit
from tests.fakes.api_server import FakeApi, Reply

SESSION = str(uuid4())
TRANSCRIPT = f"/api/sessions/{SESSION}/transcript"
CORRECTIONS = f"{TRANSCRIPT}/corrections"
CORRECTED = {
    "corrections": [
        {"segment": 1, "text": "I take Zoloft.", "speaker": "Speaker 2", "heard": "i take soul often",
         "by": str(uuid4()), "at": "2026-01-31T09:00:00Z"}
    ]
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        segments = [{"text": "how are you"}, {"text": "i take soul often"}]
        fake.will(f"GET {CORRECTIONS}", Reply(200, CORRECTED))
        for _ in range(3):
            fake.will(f"GET {TRANSCRIPT}", Reply(200, {"segments": segments}))
            fake.will(f"PUT {CORRECTIONS}", Reply(200, CORRECTED))
        yield fake


def correct(data: Path, *words: str) -> int:
    return run(["--data", str(data), "correct", SESSION, *words])


def sent(server: FakeApi) -> list[dict[str, object]]:
    return [json.loads(r.body)["corrections"][0] for r in server.received if r.method == "PUT"]


def test_corrections_are_listed_with_what_was_heard(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert correct(data) == Exit.OK
    shown = capsys.readouterr().out
    assert "I take Zoloft." in shown
    assert "i take soul often" in shown
    assert sent(server) == []


def test_a_segment_is_corrected_given_to_another_speaker_and_taken_back(server: FakeApi, data: Path) -> None:
    heard = "i take soul often"
    assert correct(data, "1", "I take Zoloft.") == Exit.OK
    assert correct(data, "1", "--speaker", "Speaker 1") == Exit.OK
    assert correct(data, "1", "--undo") == Exit.OK
    assert sent(server) == [
        {"segment": 1, "was": heard, "text": "I take Zoloft.", "speaker": None},
        {"segment": 1, "was": heard, "text": heard, "speaker": "Speaker 1"},
        {"segment": 1, "was": heard, "text": None, "speaker": None},
    ]


@pytest.mark.parametrize(
    "words", [("1",), ("--undo",), ("1", "text", "--undo"), ("2", "text"), ("-1", "text")]
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    server: FakeApi, data: Path, words: tuple[str, ...]
) -> None:
    assert correct(data, *words) == Exit.USAGE
    assert sent(server) == []
