"""The recorder in a browser, with a microphone that beeps: nothing is lost, nothing is readable on disk."""

import dataclasses
import io
import json
import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import av
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from shared.domain.ports import PcmSource
from shared.domain.values import Chunk, SpeechPlan, Turn, Utterance
from shared.media.isolation.sandbox import Sandbox
from shared.services import patients
from shared.services.resources import Resources
from shared.services.steps import redaction
from shared.services.steps.join_list import GAP_SECONDS
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject
from tests.browser import sample
from tests.browser.conftest import LAUNCH, Watched
from tests.database import everything
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.api_client import app_of
from tests.integration.sessions import bench_with, plan_of, row, work
from tests.servers import Office


@pytest.fixture
def app(resources: Resources) -> Iterator[Flask]:
    """With the real decoder: what browsers record is to be recognised."""
    with Sandbox() as sandbox:
        yield app_of(dataclasses.replace(resources, decoder=sandbox))


def begin(page: Page) -> None:
    """Confirm the consent and record, until there are pieces on the disk."""
    expect(page.get_by_role("button", name="Record")).to_be_disabled()
    page.get_by_label("The patient knows that I record now").check()
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("timer")).to_have_text("0:05", timeout=30_000)


def test_a_session_is_recorded_sent_and_gone_from_the_browser(
    site: Watched, office: Office, resources: Resources
) -> None:
    page = site.open(f"/patients/{office.patient_id}/record")
    begin(page)
    expect(page.get_by_label("Loudness")).not_to_have_attribute("value", "0")
    page.get_by_role("button", name="Stop and send").click()
    link = page.get_by_role("link", name="Open the session")
    session_id = UUID((link.get_attribute("href") or "").rpartition("/")[2])
    made = row(resources, session_id)
    assert (made.status, made.audio_family, made.patient_id) == ("pending", "webm", office.patient_id)
    assert made.audio_bytes > 4000
    page.reload()
    expect(page.get_by_label("Recordings in this browser").get_by_role("listitem")).to_have_count(0)


def test_after_a_crash_what_was_recorded_is_still_there_and_can_be_sent(
    context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}/record")
    begin(page)
    kept = page.evaluate(
        """() => new Promise((done) => {
        const request = indexedDB.open("sessionscribe-recordings");
        request.onsuccess = () => {
          const stores = request.result.transaction(["recordings", "pieces"]);
          const [all, pieces] = ["recordings", "pieces"].map((name) => stores.objectStore(name).getAll());
          stores.oncomplete = () => done(JSON.stringify({
            extractable: all.result.map((one) => one.key.extractable),
            pieces: pieces.result.length,
            begins: pieces.result.map((one) => [...new Uint8Array(one.sealed).slice(0, 4)].join()),
          }));
        };
      })"""
    )
    found = json.loads(kept)
    assert found["extractable"] == [False]
    assert found["pieces"] >= 2
    assert "26,69,223,163" not in found["begins"]  # how a WebM begins
    page.close()  # without a word to the page, as when it dies
    again = context.new_page()
    again.goto(f"{address}/patients/{office.patient_id}/record")
    again.get_by_role("button", name="Send").click()
    expect(again.get_by_role("link", name="Open the session")).to_be_visible()


def test_while_the_server_is_away_the_recording_stays(
    context: BrowserContext, address: str, office: Office
) -> None:
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}/record")
    begin(page)
    page.route("**/api/uploads**", lambda route: route.fulfill(status=422, body='{"detail": "Not now."}'))
    page.get_by_role("button", name="Stop and send").click()
    expect(page.get_by_text("Not now.", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save to disk").click()
    assert download.value.suggested_filename.endswith(".webm")
    page.unroute("**/api/uploads**")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("link", name="Open the session")).to_be_visible()


def test_what_is_recorded_goes_to_the_server_while_it_is_recorded(
    chromium: Browser, context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    """The computer is killed and never comes back: the session is finished on another one."""
    state = context.storage_state()
    killed = chromium.browser_type.launch(**LAUNCH)
    page = killed.new_context(storage_state=state).new_page()
    page.goto(f"{address}/patients/{office.patient_id}/record")
    begin(page)
    safe = page.get_by_text("On the server up to")
    expect(safe).to_have_text(re.compile(r"0:(1\d|0[89])"), timeout=60_000)
    seconds = clock_of(page)
    os.kill(process_of(killed), signal.SIGKILL)
    with everything(resources) as db:  # time passes
        db.execute(text("UPDATE uploads SET expires_at = expires_at - interval '3 minutes'"))
    elsewhere = context.new_page()
    elsewhere.goto(f"{address}/today")
    elsewhere.get_by_role("region", name="Recordings that were cut off (1)").get_by_role("link").click()
    elsewhere.get_by_role("button", name="Make a session of it", exact=True).click()
    elsewhere.wait_for_url("**/sessions/*")
    session_id = UUID(elsewhere.url.rpartition("/")[2])
    assert length_of(resources, office, session_id) >= seconds - 5


def test_a_network_that_is_away_loses_nothing(
    context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}/record")
    begin(page)
    expect(page.get_by_text("On the server up to")).to_be_visible()
    context.set_offline(True)
    expect(page.get_by_role("timer")).to_have_text("0:15")
    context.set_offline(False)
    expect(page.get_by_text("On the server up to")).to_have_text(
        re.compile(r"0:1[5-9]|0:[2-5]\d"), timeout=60_000
    )
    seconds = clock_of(page)
    page.get_by_role("button", name="Stop and send").click()
    link = page.get_by_role("link", name="Open the session")
    session_id = UUID((link.get_attribute("href") or "").rpartition("/")[2])
    assert length_of(resources, office, session_id) >= seconds


class TheRest(FakeSpeechAnalyser):
    """Speech from the seam to the end."""

    def __init__(self) -> None:
        super().__init__(plan_of(0))

    def analyse(self, pcm: PcmSource, speakers: int, chunk_seconds: float) -> SpeechPlan:
        rest = Utterance(sample.SECONDS + GAP_SECONDS, pcm.seconds)
        return SpeechPlan(pcm.seconds, (Chunk((rest,)),), (Turn(rest.start, rest.end, "Speaker 1"),))


def test_an_interrupted_session_is_gone_on_with(
    site: Watched, office: Office, app: Flask, resources: Resources, session_id: UUID
) -> None:
    page = site.open(f"/patients/{office.patient_id}/record")
    page.get_by_role("link", name="Go on with the session of").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Go on with the session")
    begin(page)
    page.get_by_role("button", name="Stop and send").click()
    page.get_by_role("link", name="Open the session").click()
    page.wait_for_url(f"**/sessions/{session_id}")
    decoding = dataclasses.replace(resources, decoder=app.extensions["sessionscribe"].decoder)
    bench = bench_with(decoding, analyser=TheRest(), transcriber=FakeTranscriber("we go on"))
    redaction.redact(bench, session_id)
    work(bench, session_id)  # at its end the page shows what is new by itself
    expect(page.get_by_text("A further recording begins here.")).to_have_count(1)
    expect(page.get_by_text("We go on.")).to_be_visible()
    expect(page.get_by_text("2 recordings were joined.")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(len(sample.TURNS) + 1)
    page.get_by_text("Add a further recording").click()
    expect(page.get_by_role("link", name="Record on")).to_be_visible()


def clock_of(page: Page) -> int:
    """How long the recorder says it has recorded, in seconds."""
    minutes, _, seconds = (page.get_by_role("timer").text_content() or "").partition(":")
    return int(minutes) * 60 + int(seconds)


def length_of(resources: Resources, office: Office, session_id: UUID) -> float:
    """How many seconds of sound the server has, by decoding them."""
    session = Subject(office.caller.practice_id, session_id)
    with resources.recordings.open(session, RECORDING) as source:
        sound = io.BytesIO(source.read_at(0, source.size))
    with av.open(sound, "r") as container:
        return sum((float(frame.samples) / frame.sample_rate for frame in container.decode(audio=0)), 0.0)


def process_of(browser: Browser) -> int:
    """The process that a browser of ours is, which has all others as children."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return next(int(process["id"]) for process in found if process["type"] == "browser")


def test_without_consent_nothing_is_recorded(
    context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    given = patients.Consent(datetime(2026, 1, 1, tzinfo=UTC), "written")
    patient_id = patients.create(resources, office.caller, "Pat Ientin", given).id
    page = context.new_page()
    page.goto(f"{address}/patients/{patient_id}")
    page.get_by_label("On", exact=True).and_(page.locator("input")).fill("2026-01-02")
    page.get_by_role("button", name="Record that it was revoked").click()
    answer = page.goto(f"{address}/patients/{patient_id}/record")
    assert answer is not None
    assert answer.status == 409
    elsewhere = page.goto(f"{address}/today")
    assert elsewhere is not None
    assert "microphone=()" in elsewhere.headers["permissions-policy"]
