"""What can be said of the OpenAI client and of the registry without a server."""

import os
import subprocess
import sys

import pytest

from workers.engines.openai.client import OpenAIClient
from workers.engines.openai.errors import retry_after
from workers.engines.registry import EngineOptions, build_extractor, build_transcriber

OWN = "http://speech.internal:8000/v1"


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\n", "sk-ключ"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(key):
    with pytest.raises(ValueError, match="OPENAI_API_KEY") as caught:
        OpenAIClient(key)
    assert key not in str(caught.value)


def test_an_address_without_a_scheme_is_refused():
    with pytest.raises(ValueError, match="OPENAI_BASE_URL"):
        OpenAIClient("sk-1", "localhost:8000")


@pytest.mark.parametrize(
    ("address", "official"),
    [
        (None, True),
        ("https://api.openai.com/v1/", True),
        ("https://eu.api.openai.com/v1", True),
        (OWN, False),
        ("https://notapi.openai.com.example.org/v1", False),
        ("https://evilapi.openai.com/v1", False),
    ],
)
def test_openais_own_addresses_are_told_from_others(address, official):
    assert OpenAIClient("sk-1", address).official is official


def test_the_key_is_in_no_repr():
    assert "sk-1" not in repr(OpenAIClient("sk-1")) + repr(EngineOptions(openai_api_key="sk-1"))


@pytest.mark.parametrize(
    ("build", "name", "options", "setting"),
    [
        (build_transcriber, "dictaphone", EngineOptions(), "SESSIONSCRIBE_TRANSCRIBER"),
        (build_transcriber, "openai", EngineOptions(), "OPENAI_API_KEY"),
        (
            build_transcriber,
            "openai",
            EngineOptions(openai_api_key="k", openai_transcription_model=""),
            "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL",
        ),
        (build_extractor, "oracle", EngineOptions(), "SESSIONSCRIBE_EXTRACTOR"),
        (build_extractor, "openai", EngineOptions(openai_api_key="k"), "SESSIONSCRIBE_OPENAI_NOTES_MODEL"),
        (build_extractor, "openai", EngineOptions(openai_notes_model="m"), "OPENAI_API_KEY"),
    ],
)
def test_what_is_missing_is_named_by_its_setting(build, name, options, setting):
    with pytest.raises(ValueError, match=setting):
        build(name, options)


def test_a_server_of_ones_own_needs_no_key():
    assert build_transcriber("openai", EngineOptions(openai_base_url=OWN)).capabilities.parallel_calls == 8


def test_the_default_model_is_called_once_for_each_turn():
    can = build_transcriber("openai", EngineOptions(openai_api_key="sk-1")).capabilities
    assert (can.name, can.unit, can.word_times, can.draft) == (
        "openai:gpt-transcribe",
        "turn",
        False,
        False,
    )


def test_a_whisper_model_behind_the_api_is_called_once_for_each_chunk():
    options = EngineOptions(openai_base_url=OWN, openai_transcription_model="Systran/faster-whisper-small")
    can = build_transcriber("openai", options).capabilities
    assert (can.unit, can.word_times) == ("chunk", True)


def test_whisper_on_this_machine_does_not_tell_where_its_model_lies():
    can = build_transcriber("faster-whisper", EngineOptions(whisper_model="/srv/models/small")).capabilities
    assert (can.name, can.unit, can.word_times) == ("faster-whisper:small", "chunk", True)


def test_an_engines_name_may_carry_its_model():
    assert build_transcriber("faster-whisper", EngineOptions()).capabilities.name == "faster-whisper:tiny.en"
    can = build_transcriber("faster-whisper:small.en", EngineOptions()).capabilities
    assert can.name == "faster-whisper:small.en"


def test_making_engines_imports_none_of_their_packages():
    code = """
import sys
from workers.engines.registry import EngineOptions, build_extractor, build_transcriber
options = EngineOptions(openai_api_key="sk-1", openai_notes_model="m", whisper_model="small")
build_transcriber("openai", options), build_transcriber("faster-whisper", options)
build_extractor("openai", options)
print(sorted({"openai", "httpx2", "faster_whisper", "ctranslate2"} & set(sys.modules)))
"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=True,
    )
    assert told.stdout.strip() == "[]"


def test_a_pause_that_is_named_by_a_date_is_counted_from_the_answers_own():
    """This machine's clock may be days off; the server's date is by the server's."""
    sent = {"date": "Thu, 26 Nov 2020 10:00:00 GMT", "retry-after": "Thu, 26 Nov 2020 10:00:40 GMT"}
    assert retry_after(sent) == 40
    assert retry_after({"retry-after": sent["retry-after"]}) is None
