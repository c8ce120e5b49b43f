"""Promises about the record that plausible faults broke unnoticed: alerts, messages, signatures."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from shared.db.tables.core import TherapySession
from shared.domain.errors import Conflict
from shared.outbound.posting import Answer
from shared.services.notes import signing
from shared.services.resources import Resources
from shared.services.webhooks import delivery
from tests.database import everything, is_locked
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeTranscriber
from tests.integration.notes_calls import Clinician, clinician, processed
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office


class FindsMore(FakeExtractor):
    """An engine that finds what no rule of the screen knows."""

    def extract(self, transcript: Any, request: Any) -> dict[str, Any]:
        quote = {"segment": 0, "start": 0.0, "end": 0.0, "quote": transcript.segments[0].text}
        flag = {
            "type": "suicidal_ideation", "severity": "high", "negated": False, "asked_by_therapist": False,
            "temporality": "present", "about": "self", "figurative": False, "speaker": "Speaker 1",
            "evidence": [quote], "verified": False,
        }  # fmt: skip
        return {**super().extract(transcript, request), "risk_flags": [flag]}


def test_what_an_engine_alone_finds_raises_an_alert(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    unscreened = FakeTranscriber("by next week none of this will matter to me")
    work(bench_with(resources, transcriber=unscreened, extractor=FindsMore()), session_id)
    with everything(resources) as db:
        assert db.scalar(text("SELECT count(*) FROM risk_alerts")) == 1


@pytest.mark.parametrize("named", [86_401.0, 1e9])
def test_a_receiver_puts_a_message_off_by_a_day_at_most(named: float) -> None:
    assert delivery._pause_seconds(1, Answer(429, named)) <= 86_400


def test_an_edit_between_the_reading_and_the_signature_keeps_the_signature_away(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    me: Clinician = clinician(resources, office, processed(resources, office))
    seen, real = me.tag(), signing.content_hash

    def edited_meanwhile(*arguments: Any) -> str:
        monkeypatch.setattr(signing, "content_hash", real)
        assert me.put({"topic_summary": "Mine."}, seen).status_code == 200
        return real(*arguments)

    monkeypatch.setattr(signing, "content_hash", edited_meanwhile)
    assert me.post("sign", headers={"If-Match": seen}).status_code == 412
    now = me.notes()
    assert (now["version"], now["status"]) == (2, "draft")


def test_a_session_stays_as_it_is_while_its_notes_are_signed(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = processed(resources, office)
    me = clinician(resources, office, session_id)
    held: list[bool] = []
    monkeypatch.setattr(
        signing.risk_alerts,
        "require_acknowledged",
        lambda *_: held.append(is_locked(resources, "sessions", session_id)),
    )
    assert me.post("sign").status_code == 200
    assert me.post("addenda", {"text": "More."}).status_code == 201
    assert held == [True]


def test_nothing_is_signed_that_lacks_what_a_further_recording_says(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = processed(resources, office)
    me = clinician(resources, office, session_id)

    def behind(_: object, row: TherapySession, made_at: datetime) -> None:
        assert (row.id, made_at < datetime.now(UTC)) == (session_id, True)
        raise Conflict("Not yet.", "being_joined")

    monkeypatch.setattr(signing.joining, "require_noted", behind)
    assert me.post("sign").json["code"] == "being_joined"
    assert me.notes()["status"] == "draft"
