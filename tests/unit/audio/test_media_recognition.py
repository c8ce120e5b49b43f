"""The checks of an upload's name, declared type and first bytes."""

from contextlib import suppress

import pytest

from shared.domain.errors import InvalidInput, UnsupportedMedia
from shared.domain.values import MediaFacts
from shared.media.recognition import (
    EXTENSIONS,
    check_agreement,
    check_declared_type,
    check_extension,
    recognise,
)

WAV_HEAD = (
    b"RIFF\x24\xfa\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0data\0\xfa\0\0" + bytes(2000)
)


def facts(family: str) -> MediaFacts:
    return MediaFacts(family=family, codec="x", channels=1, sample_rate=16_000, declared_seconds=None)


@pytest.mark.parametrize("extension", [*EXTENSIONS, ".MP3", ".Wav"])
def test_an_extension_on_the_list_is_accepted_in_any_case(extension: str) -> None:
    assert check_extension(extension) == extension.lower()


@pytest.mark.parametrize("extension", ["", ".", "mp3", ".txt", ".m3u8", ".mp3.exe", ".wma", ".ts"])
def test_any_other_extension_is_invalid(extension: str) -> None:
    with pytest.raises(InvalidInput) as error:
        check_extension(extension)
    assert error.value.code == "extension_not_allowed"


@pytest.mark.parametrize(
    "declared",
    [
        "audio/mpeg", "audio/mp3", "audio/wav", "audio/wave", "audio/x-wav", "audio/vnd.wave", "audio/mp4",
        "audio/x-m4a", "audio/m4a", "video/mp4", "video/mpeg", "audio/webm", "video/webm",
        "audio/webm;codecs=opus", "AUDIO/OGG", "audio/opus", "audio/flac", "audio/x-flac", "audio/aac",
    ],
)  # fmt: skip
def test_the_usual_names_of_accepted_formats_are_accepted(declared: str) -> None:
    with suppress(InvalidInput, UnsupportedMedia):
        check_declared_type(declared)
        return
    pytest.fail(f"{declared} was refused")


@pytest.mark.parametrize(
    "declared", [None, "", "application/octet-stream", "text/html", "image/png", "audio", "audio/", "garbage"]
)
def test_a_type_that_is_neither_audio_nor_video_is_invalid_input(declared: str | None) -> None:
    with pytest.raises(InvalidInput) as error:
        check_declared_type(declared)
    assert error.value.code == "not_audio_or_video"


@pytest.mark.parametrize("declared", ["audio/midi", "audio/x-ms-wma", "video/x-msvideo", "audio/x-mpegurl"])
def test_an_audio_type_outside_the_list_is_unsupported_media(declared: str) -> None:
    with pytest.raises(UnsupportedMedia) as error:
        check_declared_type(declared)
    assert error.value.code == "media_type_not_supported"


def test_the_content_decides_not_the_name() -> None:
    assert recognise(WAV_HEAD, ".mp3", "audio/mpeg") == "wav"


def test_unknown_bytes_pass_under_a_name_for_mp3_only() -> None:
    assert recognise(bytes(5000), ".mp3", "audio/mpeg") is None
    with pytest.raises(UnsupportedMedia):
        recognise(bytes(5000), ".wav", "audio/wav")


@pytest.mark.parametrize(
    ("seen", "found"),
    [("wav", "wav"), ("mp4", "mp4"), ("mp3", "mpeg"), ("mpeg", "mp3"), (None, "mp3")],
)
def test_two_parsers_that_agree_are_believed(seen: str | None, found: str) -> None:
    check_agreement(seen, facts(found))


@pytest.mark.parametrize(("seen", "found"), [("wav", "mp3"), ("mp3", "aac"), (None, "wav"), (None, "mpeg")])
def test_two_parsers_that_disagree_refuse_the_file(seen: str | None, found: str) -> None:
    with pytest.raises(UnsupportedMedia) as error:
        check_agreement(seen, facts(found))
    assert error.value.code == "not_audio"
