"""What each transcription model is asked for."""

import pytest

from workers.engines.openai.models import model_of


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("gpt-transcribe", {"response_format": "json", "languages": ["en"], "keywords": ["sertraline"]}),
        (
            "whisper-1",
            {
                "response_format": "verbose_json",
                "timestamp_granularities": ["word", "segment"],
                "language": "en",
                "prompt": "sertraline",
            },
        ),
        (
            "gpt-4o-transcribe",
            {"response_format": "json", "include": ["logprobs"], "language": "en", "prompt": "sertraline"},
        ),
        (
            "gpt-4o-transcribe-diarize",
            {"response_format": "diarized_json", "chunking_strategy": "auto", "language": "en"},
        ),
        ("gpt-something-new", {"response_format": "json", "language": "en", "prompt": "sertraline"}),
    ],
)
def test_openais_models_get_what_is_theirs_and_nothing_else(name, form):
    assert model_of(name, official=True).form("en", ["sertraline"]) == {"model": name, **form}


@pytest.mark.parametrize(
    "name", ["gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-transcribe-diarize", "parakeet"]
)
def test_other_servers_get_only_what_all_of_them_know(name):
    form = model_of(name, official=False).form("en", ["sertraline"])
    assert set(form) <= {"model", "response_format", "language", "prompt"}
    assert form["response_format"] == "json"


def test_times_are_asked_of_whisper_models_unless_the_setting_says_otherwise():
    assert model_of("Systran/faster-whisper-small", official=False).gives_times
    assert not model_of("whisper-1", official=True, times="no").gives_times
    assert model_of("parakeet", official=False, times="yes").gives_times


def test_a_price_is_known_for_openais_models_only_unless_it_is_set():
    assert model_of("gpt-transcribe", official=True).price == 0.0045
    assert model_of("gpt-4o-mini-transcribe-2025-12-15", official=True).price == 0.003
    assert model_of("gpt-something-new", official=True).price is None
    assert model_of("gpt-transcribe", official=False).price is None
    assert model_of("gpt-transcribe", official=True, price=0.001).price == 0.001
