"""The OpenAI transcriber against a loopback server, through the real SDK and real HTTP."""

import email.utils
import io
import logging
import struct
import time
import traceback
import wave

import pytest
import structlog

from shared.domain.errors import PermanentStepError, RetryableStepError, StepError
from shared.domain.values import Phrase, TranscriptionHints, Word
from tests.fakes.openai_server import KEY, FakeOpenAI, Nature, Reply, refusal
from workers.engines.openai import client as openai_client
from workers.engines.openai.client import OpenAIClient
from workers.engines.openai.transcriber import OpenAITranscriber, Patience

SAID = "mother never forgave me"
PCM = struct.pack("<32000h", *(n % 200 for n in range(32_000)))  # two seconds
NO_HINTS = TranscriptionHints()
HINTS = TranscriptionHints("en-GB", ("sertraline", " ", "Aunt Mae"))


@pytest.fixture
def server():
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def engine(server):
    yield from _engine(server, "gpt-transcribe")


@pytest.fixture
def whisper(server):
    yield from _engine(server, "whisper-large-v3")


@pytest.fixture
def openai_itself(monkeypatch):
    """OpenAI's own address, moved to a server that knows all of its fields."""
    with FakeOpenAI(official=True) as fake:
        monkeypatch.setattr(openai_client, "OFFICIAL_BASE_URL", fake.base_url)
        yield fake


def _engine(server, model, key=KEY, patience=None):
    made = OpenAITranscriber(OpenAIClient(key, server.base_url), model, patience)
    yield made
    made.close()


def test_a_text_only_model_gives_one_phrase_over_the_whole_audio(server, engine):
    server.will(Reply({"text": " Good\nmorning. "}))
    assert engine.transcribe(PCM, NO_HINTS) == [Phrase("Good morning.", 0.0, 2.0)]


def test_the_audio_goes_out_as_a_named_wav_file(server, engine):
    server.will(Reply({"text": "hello"}))
    engine.transcribe(PCM, NO_HINTS)
    upload = server.received[0].upload
    assert (upload.name, upload.media_type) == ("audio.wav", "audio/wav")
    with wave.open(io.BytesIO(upload.data)) as audio:
        assert audio.readframes(audio.getnframes()) == PCM


def test_a_compatible_server_gets_only_the_fields_that_all_of_them_know(server, engine):
    server.will(Reply({"text": "hello"}))
    engine.transcribe(PCM, HINTS)
    assert server.received[0].form == {
        "model": ["gpt-transcribe"],
        "response_format": ["json"],
        "language": ["en"],
        "prompt": ["sertraline, Aunt Mae"],
    }


def test_openai_gets_the_vocabulary_as_keywords_and_the_language_in_a_list(openai_itself):
    openai_itself.will(Reply({"text": "hello", "languages": ["en"]}))
    engine = OpenAITranscriber(OpenAIClient(KEY))
    engine.transcribe(PCM, HINTS)
    engine.close()
    assert openai_itself.received[0].form == {
        "model": ["gpt-transcribe"],
        "response_format": ["json"],
        "languages[]": ["en"],
        "keywords[]": ["sertraline", "Aunt Mae"],
    }


def test_whisper_models_are_asked_for_words_and_segments(server, whisper):
    server.will(Reply({"text": "hello"}))
    whisper.transcribe(PCM, NO_HINTS)
    form = server.received[0].form
    assert form["response_format"] == ["verbose_json"]
    assert form["timestamp_granularities[]"] == ["word", "segment"]


def test_words_are_put_into_the_segment_they_were_said_in(server, whisper):
    words = [
        {"word": "Good", "start": 0.1, "end": 0.3},
        {"word": "day", "start": 0.3, "end": 0.6},
        {"word": "Yes", "start": 1.2, "end": 1.5},
    ]
    segments = [{"start": 0.0, "end": 1.0, "text": " Good day."}, {"start": 1.0, "end": 2.0, "text": " Yes."}]
    server.will(Reply({"text": "Good day. Yes.", "segments": segments, "words": words, "duration": "2.0"}))
    assert whisper.transcribe(PCM, NO_HINTS) == [
        Phrase("Good day.", 0.0, 1.0, None, (Word("Good", 0.1, 0.3), Word("day", 0.3, 0.6))),
        Phrase("Yes.", 1.0, 2.0, None, (Word("Yes", 1.2, 1.5),)),
    ]


@pytest.mark.parametrize("pcm", [b"", b"\1\0" * 1599], ids=["none", "under a tenth of a second"])
def test_audio_too_short_for_a_word_is_not_sent(server, engine, pcm):
    assert engine.transcribe(pcm, NO_HINTS) == []
    assert server.received == []


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal(400, None, SAID), PermanentStepError, "engine_refused_request"),
        (refusal(400, "invalid_value", "audio duration 1830.5 seconds is longer than 1400 seconds which is "
                 "the maximum for this model"), PermanentStepError, "engine_input_too_large"),
        (refusal(401, "invalid_api_key", SAID), PermanentStepError, "engine_refused_credentials"),
        (refusal(402, None, SAID), PermanentStepError, "engine_quota_exhausted"),
        (refusal(403, None, SAID), PermanentStepError, "engine_access_denied"),
        (refusal(404, "model_not_found", SAID), PermanentStepError, "engine_model_not_found"),
        (refusal(413, None, SAID), PermanentStepError, "engine_input_too_large"),
        (refusal(422, SAID, SAID), PermanentStepError, "engine_refused_request"),
        (refusal(429, "insufficient_quota", SAID), PermanentStepError, "engine_quota_exhausted"),
        (refusal(307, None, SAID, location="http://127.0.0.1:9/"), PermanentStepError, "engine_redirected"),
        (refusal(408, None, SAID), RetryableStepError, "engine_unavailable"),
        (refusal(409, None, SAID), RetryableStepError, "engine_unavailable"),
        (refusal(429, "rate_limit_exceeded", SAID), RetryableStepError, "engine_rate_limited"),
        (refusal(500, None, SAID), RetryableStepError, "engine_unavailable"),
        (Reply(f"<html>{SAID}", 503, "text/html"), RetryableStepError, "engine_unavailable"),
        (Reply(fault="hang_up"), RetryableStepError, "engine_unreachable"),
        (Reply({"text": SAID}, fault="cut"), RetryableStepError, "engine_unreachable"),
        (Reply(f"<!DOCTYPE html>{SAID}", media_type="text/html"), PermanentStepError, "engine_not_an_api"),
        (Reply(f"<html>{SAID}"), PermanentStepError, "engine_not_an_api"),
        (Reply({"text": None, "note": SAID}), RetryableStepError, "engine_bad_answer"),
        (Reply({"error": SAID}), RetryableStepError, "engine_bad_answer"),
        (Reply([SAID]), RetryableStepError, "engine_bad_answer"),
        (Reply(f'{{"text": "{SAID}'), RetryableStepError, "engine_bad_answer"),
        (Reply("[" * 100_000), RetryableStepError, "engine_bad_answer"),
    ],
    ids=lambda value: None if isinstance(value, type) else str(value)[:40] if isinstance(value, str) else "",
)  # fmt: skip
def test_an_error_is_told_in_our_words_once(server, engine, caplog, reply, kind, code):
    caplog.set_level(logging.DEBUG)
    server.will(reply)
    with structlog.testing.capture_logs() as logs, pytest.raises(StepError) as caught:
        engine.transcribe(PCM, HINTS)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(server.received) == 1
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text + repr(logs)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert not any(secret in told for secret in (SAID, "sertraline", "Aunt Mae", KEY))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "300"}, 300),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "86400000"}, 3600),
        ({"retry_after": "-4"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
def test_a_pause_that_the_server_asks_for_is_handed_on(server, engine, headers, seconds):
    server.will(refusal(429, "rate_limit_exceeded", **headers))
    with pytest.raises(RetryableStepError) as caught:
        engine.transcribe(PCM, NO_HINTS)
    assert caught.value.retry_after_seconds == seconds


def test_a_pause_given_as_a_date_is_handed_on(server, engine):
    server.will(refusal(503, None, retry_after=email.utils.formatdate(time.time() + 120, usegmt=True)))
    with pytest.raises(RetryableStepError) as caught:
        engine.transcribe(PCM, NO_HINTS)
    assert 110 < caught.value.retry_after_seconds <= 120


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_server_that_does_not_finish_is_given_up(server, fault):
    server.will(Reply({"text": "x" * 300}, fault=fault))
    impatient = _engine(server, "gpt-transcribe", patience=Patience(0.2, 0.1))
    began = time.monotonic()
    with pytest.raises(RetryableStepError) as caught:
        next(impatient).transcribe(PCM, NO_HINTS)
    assert caught.value.code == "engine_timeout"
    assert time.monotonic() - began < 60  # the SDK's own patience is ten times that
    next(impatient, None)


def test_a_call_may_take_longer_with_more_audio(server):
    allowed: list[float] = []

    class Watched(OpenAIClient):
        def call(self, target, seconds, request, checkpoint=lambda: None):
            allowed.append(seconds)
            return super().call(target, seconds, request, checkpoint)

    engine = OpenAITranscriber(Watched(KEY, server.base_url), "gpt-transcribe")
    for times in (1, 5):
        server.will(Reply({"text": "hello"}))
        engine.transcribe(PCM * times, NO_HINTS)
    engine.close()
    assert allowed == [60 + 4 * 2, 60 + 4 * 10]


def test_an_answer_without_end_is_cut_off(server, engine, monkeypatch):
    monkeypatch.setattr(openai_client, "MAX_ANSWER_BYTES", 1000)
    server.will(Reply({"text": "x" * 2000}))
    with pytest.raises(RetryableStepError) as caught:
        engine.transcribe(PCM, NO_HINTS)
    assert caught.value.code == "engine_bad_answer"


def test_a_dead_server_is_unreachable(server):
    address = server.base_url
    server.__exit__()
    engine = OpenAITranscriber(OpenAIClient(KEY, address))
    with pytest.raises(RetryableStepError) as caught:
        engine.transcribe(PCM, NO_HINTS)
    engine.close()
    assert caught.value.code == "engine_unreachable"


def test_a_wrong_key_is_named_by_its_setting(server):
    wrong = _engine(server, "gpt-transcribe", key="sk-other")
    with pytest.raises(PermanentStepError, match="OPENAI_API_KEY") as caught:
        next(wrong).transcribe(PCM, NO_HINTS)
    assert "sk-other" not in str(caught.value)
    next(wrong, None)


def test_calls_side_by_side_share_one_client(server, engine):
    from concurrent.futures import ThreadPoolExecutor

    server.will(*[Reply({"text": f"phrase {n}"}) for n in range(8)])
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(lambda _: engine.transcribe(PCM, NO_HINTS)[0].text, range(8)))
    assert sorted(heard) == [f"phrase {n}" for n in range(8)]


def long_pcm(seconds):
    """Loud, but for a quiet second at a third and a half."""
    return b"".join(
        struct.pack("<16000h", *((n % 200) * (1 if second == seconds // 2 else 90) for n in range(16_000)))
        for second in range(seconds)
    )


def seconds_of(request):
    with wave.open(io.BytesIO(request.upload.data)) as audio:
        return audio.getnframes() / audio.getframerate()


@pytest.mark.parametrize(
    "nature",
    [Nature(longest_seconds=12), Nature(largest_bytes=12 * 32_000 + 44)],
    ids=["refused as too long", "refused as too large"],
)
def test_audio_that_is_too_long_is_halved_at_a_quiet_place_and_told_in_its_own_clock(nature):
    with FakeOpenAI(nature=nature) as fake:
        fake.will_always(lambda request: Reply({"text": f"{seconds_of(request):.1f}"}))
        engine = OpenAITranscriber(OpenAIClient(KEY, fake.base_url), "gpt-transcribe")
        first, second = engine.transcribe(long_pcm(20), NO_HINTS)
        engine.close()
    assert (first.start, second.end) == (0.0, pytest.approx(20.0))
    assert first.end == second.start
    assert 10.0 <= first.end <= 11.0
    assert seconds_of(fake.received[0]) == 20.0
    assert len(fake.received) == 3


def test_a_server_that_finds_everything_too_long_is_asked_a_bounded_number_of_times():
    with FakeOpenAI(nature=Nature(longest_seconds=0.01)) as fake:
        engine = OpenAITranscriber(OpenAIClient(KEY, fake.base_url), "gpt-transcribe")
        with pytest.raises(PermanentStepError) as caught:
            engine.transcribe(long_pcm(40), NO_HINTS)
        engine.close()
    assert caught.value.code == "engine_input_too_large"
    assert len(fake.received) <= 4


def test_the_diarizing_model_gives_segments_and_is_sent_no_prompt(openai_itself):
    piece = {"id": "seg_1", "type": "transcript.text.segment", "speaker": "A"}
    told = [
        {**piece, "start": 0.0, "end": 0.9, "text": " Good day."},
        {**piece, "speaker": "B", "start": 1.0, "end": 1.9, "text": " Yes."},
    ]
    openai_itself.will(
        Reply({"text": "Good day. Yes.", "duration": 2.0, "task": "transcribe", "segments": told})
    )
    engine = OpenAITranscriber(OpenAIClient(KEY), "gpt-4o-transcribe-diarize")
    heard = engine.transcribe(PCM, HINTS)
    can = engine.capabilities
    engine.close()
    assert [(phrase.text, phrase.start, phrase.end) for phrase in heard] == [
        ("Good day.", 0.0, 0.9),
        ("Yes.", 1.0, 1.9),
    ]
    assert openai_itself.received[0].form == {
        "model": ["gpt-4o-transcribe-diarize"],
        "response_format": ["diarized_json"],
        "chunking_strategy": ["auto"],
        "language": ["en"],
    }
    assert (can.unit, can.speakers, can.word_times) == ("chunk", True, False)


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-transcribe-2025-12-15"])
def test_models_that_know_how_sure_they_are_are_asked(openai_itself, model):
    logprobs = [{"token": "Good", "logprob": 0.0}, {"token": " day", "logprob": -0.6931}, {"token": "!"}]
    openai_itself.will(Reply({"text": "Good day", "logprobs": logprobs}))
    engine = OpenAITranscriber(OpenAIClient(KEY), model)
    [phrase] = engine.transcribe(PCM, HINTS)
    engine.close()
    assert phrase.confidence == pytest.approx(0.75, abs=0.001)
    assert openai_itself.received[0].form["include[]"] == ["logprobs"]
    assert openai_itself.received[0].form["prompt"] == ["sertraline, Aunt Mae"]


def test_a_model_that_gives_times_under_another_name_is_asked_by_setting(server):
    segments = [{"start": 0, "end": 1, "text": "Good day."}]
    server.will(Reply({"text": "Good day.", "segments": segments}))
    engine = OpenAITranscriber(OpenAIClient(KEY, server.base_url), "parakeet", times="yes")
    assert engine.transcribe(PCM, NO_HINTS)[0].end == 1.0
    engine.close()
