"""Which engine transcribes: by upload, by practice, by setting, and never away without a word for it."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text

from shared.db.tables.engines import TranscriptionUsage
from shared.domain.status import Status
from shared.domain.values import Phrase, TranscriberCapabilities, TranscriptionHints
from shared.services.audit_trail import disclosures
from shared.services.engines import engine_choice, practice_engines
from shared.services.engines.engine_choice import Choice, MayNotLeave, NotOffered, UnsupportedLanguage
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from shared.services.sessions.reading import retry, transcript
from shared.services.uploads.registration import VOCABULARY
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.sessions import bench_with, promise, row, work
from tests.servers import Office


class Named(FakeTranscriber):
    """An engine that remembers what it was told."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.hints: list[TranscriptionHints] = []

    @property
    def capabilities(self) -> TranscriberCapabilities:
        return replace(super().capabilities, name=self._name, cost_per_minute=1.0)

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        self.hints.append(hints)
        return super().transcribe(pcm, hints)


@pytest.fixture
def offering(resources: Resources) -> Resources:
    """A server that offers all engines, faster-whisper unless somebody chooses."""
    also = replace(
        resources.settings,
        also_offered=("faster-whisper:large-v3-turbo", "openai"),
        openai_base_url="http://127.0.0.1:9/v1",
    )
    return replace(resources, settings=also)


@pytest.fixture
def engines() -> dict[str, Named]:
    return {name: Named(name) for name in ("faster-whisper", "faster-whisper:large-v3-turbo", "openai")}


@pytest.fixture
def bench(offering: Resources, engines: dict[str, Named]) -> Workbench:
    return replace(bench_with(offering), build_transcriber=engines.__getitem__)


@pytest.fixture
def uploaded(offering: Resources, office: Office) -> Callable[[str | None], UUID]:
    def make(transcriber: str | None = None) -> UUID:
        session_id = promise(offering, office)
        with everything(offering) as db:
            db.execute(
                text("UPDATE sessions SET transcriber = :name WHERE id = :id"),
                {"name": transcriber, "id": session_id},
            )
        return session_id

    return make


def asked(engines: dict[str, Named]) -> list[str]:
    return [name for name, engine in engines.items() if engine.calls]


def test_without_a_choice_the_servers_engine_transcribes(bench, engines, uploaded) -> None:
    work(bench, uploaded())
    assert asked(engines) == ["faster-whisper"]


def test_a_practices_choice_goes_before_the_servers(offering, office, bench, engines, uploaded) -> None:
    practice_engines.change(offering, office.caller, {"transcriber": "faster-whisper:large-v3-turbo"})
    work(bench, uploaded())
    assert asked(engines) == ["faster-whisper:large-v3-turbo"]


def test_an_uploads_choice_goes_before_the_practices(offering, office, bench, engines, uploaded) -> None:
    practice_engines.change(offering, office.caller, {"transcriber": "faster-whisper:large-v3-turbo"})
    work(bench, uploaded("faster-whisper"))
    assert asked(engines) == ["faster-whisper"]


def test_nothing_leaves_until_an_administrator_has_said_so(
    offering, office, bench, engines, uploaded
) -> None:
    session_id = uploaded("openai")
    work(bench, session_id)
    failed = row(offering, session_id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "recordings_may_not_leave")
    assert asked(engines) == []
    practice_engines.change(offering, office.caller, {"away_allowed": True})
    retry(offering, office.caller, session_id)
    work(bench, session_id)
    assert row(offering, session_id).status == Status.PROCESSED
    assert asked(engines) == ["openai"]


def test_nothing_leaves_any_more_once_it_is_forbidden(offering, office, bench, engines, uploaded) -> None:
    practice_engines.change(offering, office.caller, {"away_allowed": True})
    session_id = uploaded("openai")
    practice_engines.change(offering, office.caller, {"away_allowed": False})
    work(bench, session_id)
    assert row(offering, session_id).error_code == "recordings_may_not_leave"
    assert asked(engines) == []


def test_notes_are_not_written_by_somebody_elses_engine_without_leave_either(
    offering, office, engines, uploaded
) -> None:
    away = replace(offering, settings=replace(offering.settings, extractor="openai"))
    bench = replace(bench_with(away), build_transcriber=engines.__getitem__)
    session_id = uploaded()
    work(bench, session_id)
    assert row(away, session_id).error_code == "recordings_may_not_leave"
    practice_engines.change(away, office.caller, {"away_allowed": True})
    retry(away, office.caller, session_id)
    work(bench, session_id)
    assert row(away, session_id).status == Status.PROCESSED


def test_what_goes_to_engines_elsewhere_is_a_disclosure(offering, office, bench, uploaded) -> None:
    uploaded_here = uploaded()
    work(bench, uploaded_here)
    assert disclosures.listed(offering, office.caller, office.patient_id) == []
    practice_engines.change(offering, office.caller, {"away_allowed": True})
    away = replace(offering, settings=replace(offering.settings, extractor="openai"))
    session_id = uploaded("openai")
    work(replace(bench, resources=away), session_id)
    found = disclosures.listed(offering, office.caller, office.patient_id)
    assert [(given.kind, given.what, given.recipient) for given in found] == [
        ("engine", "the transcript", "openai"),
        ("engine", "the audio", "openai"),  # one line, in however many calls
    ]
    assert {given.session_id for given in found} == {session_id}


def test_that_recordings_may_leave_is_on_record_with_who_said_so(offering, office) -> None:
    shown = practice_engines.change(offering, office.caller, {"away_allowed": True})
    practice_engines.change(offering, office.caller, {"away_allowed": True})  # said again: nothing new
    practice_engines.change(offering, office.caller, {"away_allowed": False})
    assert (shown.away_allowed_by, shown.sends_away) == (office.caller.therapist_id, ("openai",))
    with everything(offering) as db:
        query = text("SELECT action FROM audit_events WHERE action LIKE 'engines.away%' ORDER BY id")
        words = db.scalars(query)
        assert list(words) == ["engines.away_allowed", "engines.away_forbidden"]


def test_a_server_of_ones_own_needs_no_leave(offering) -> None:
    settings = replace(offering.settings, openai_in_house=True)
    assert engine_choice.chosen(settings, Choice(), "openai") == "openai"


def test_what_the_server_does_not_offer_cannot_be_chosen(resources: Resources, office: Office) -> None:
    with pytest.raises(NotOffered, match="it has faster-whisper"):
        practice_engines.change(resources, office.caller, {"transcriber": "faster-whisper:large-v3-turbo"})
    assert practice_engines.get(resources, office.caller).transcriber is None


def test_an_engine_that_is_offered_no_more_fails_the_session_with_what_there_is(
    resources: Resources, uploaded
) -> None:
    session_id = uploaded("faster-whisper:large-v3-turbo")
    work(bench_with(resources), session_id)
    assert row(resources, session_id).error_code == "transcriber_not_offered"


def test_a_practice_cannot_choose_what_may_not_leave(offering, office) -> None:
    with pytest.raises(MayNotLeave):
        practice_engines.change(offering, office.caller, {"transcriber": "openai"})
    both = {"transcriber": "openai", "away_allowed": True}
    assert practice_engines.change(offering, office.caller, both).transcriber == "openai"
    with pytest.raises(MayNotLeave):
        practice_engines.change(offering, office.caller, {"away_allowed": False})


def test_a_language_is_judged_by_the_engine_that_will_be_used(offering, office) -> None:
    practice_id = office.caller.practice_id
    with pytest.raises(UnsupportedLanguage, match="faster-whisper:large-v3-turbo or openai"):
        engine_choice.check(offering, practice_id, None, "de")
    engine_choice.check(offering, practice_id, "faster-whisper:large-v3-turbo", "de")
    practice_engines.change(offering, office.caller, {"transcriber": "faster-whisper:large-v3-turbo"})
    engine_choice.check(offering, practice_id, None, "de-AT")


def test_engines_are_told_the_uploads_words_and_then_the_practices(
    offering, office, bench, engines, uploaded
) -> None:
    session_id = uploaded()
    own = Subject(office.caller.practice_id, session_id)
    sealed = offering.vault.seal(own, VOCABULARY, ["Aunt Mae", "sertraline"])
    with everything(offering) as db:
        db.execute(
            text("UPDATE sessions SET vocabulary = :words WHERE id = :id"),
            {"words": sealed.data, "id": session_id},
        )
    practice_engines.change(offering, office.caller, {"vocabulary": ["Sertraline", "Elm Street"]})
    work(bench, session_id)
    assert engines["faster-whisper"].hints[0].vocabulary == ("Aunt Mae", "sertraline", "Elm Street")


def test_a_practices_words_are_not_in_the_clear_in_the_database(offering, office) -> None:
    practice_engines.change(offering, office.caller, {"vocabulary": ["sertraline"]})
    with everything(offering) as db:
        [stored] = db.scalars(text("SELECT vocabulary FROM practice_engines")).all()
    assert b"sertraline" not in bytes(stored)
    assert practice_engines.get(offering, office.caller).vocabulary == ("sertraline",)
    assert practice_engines.change(offering, office.caller, {"vocabulary": []}).vocabulary == ()


def test_what_a_transcript_took_can_be_added_up(offering, office, bench, uploaded) -> None:
    session_id = uploaded()
    work(bench, session_id)
    with offering.database.operating() as db:
        [used] = db.scalars(select(TranscriptionUsage)).all()
    assert (used.session_id, used.engine, used.calls) == (session_id, "faster-whisper", 3)
    assert used.cost_usd == pytest.approx(used.audio_seconds / 60, abs=0.001)
    assert transcript(offering, office.caller, session_id)["engine"] == "faster-whisper"
