"""What holds for every file name, cursor, key and request id, not for a few examples."""

import contextlib
import string
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import assume, example, given
from hypothesis import strategies as st
from werkzeug.sansio.multipart import Data, File, MultipartDecoder

from shared.http.request_ids import request_id
from shared.schemas.file_names import MAX_LENGTH, cleaned
from shared.services.accounts import credentials
from shared.services.paging import cursor_after, position_of

# All of Unicode, and more often what has a meaning in paths, headers and on screens.
NAMES = st.text(max_size=400) | st.text("./\\\"';%:*\r\n\0 \u202e\u2066\u200fa\u0301é😀", max_size=400)
KEY = credentials.mint().secret
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis takes naive bounds
WORDS = string.ascii_letters + string.digits


@given(NAMES)
@example("../../etc/passwd.wav")
@example("n" * 5000 + ".wav")
@example("a." + "x" * 5000)
def test_a_cleaned_file_name_is_harmless_wherever_it_is_put(name: str) -> None:
    kept = cleaned(name)
    assert len(kept) <= MAX_LENGTH
    assert not set(kept) & set("/\\\r\n\0\u202e\u2066\u200f")
    assert kept.encode().decode() == kept  # no half of a character: it can be stored and sent
    assert kept == kept.strip()


@given(NAMES)
def test_cleaning_a_file_name_again_changes_nothing(name: str) -> None:
    assert cleaned(cleaned(name)) == cleaned(name)


@given(st.text(WORDS + " äöü😀-_", min_size=1, max_size=600), st.sampled_from((".wav", ".m4a", ".MP3")))
def test_a_file_name_keeps_its_extension(stem: str, extension: str) -> None:
    assert cleaned(stem + extension).endswith(extension)


@given(st.text(min_size=1, max_size=60).filter(lambda name: name.isprintable()))
def test_a_file_name_survives_the_header_that_carries_it(name: str) -> None:
    """As browsers send it in a form: UTF-8, quotes and line breaks in percent."""
    quoted = name.replace('"', "%22")
    assume("\\" not in name)  # some clients escape with it, some mean it
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
    decoder = MultipartDecoder(b"x")
    decoder.receive_data(head.encode() + b"content\r\n--x--\r\n")
    decoder.next_event()
    part = decoder.next_event()
    assert isinstance(part, File)
    assert part.filename is not None
    assert part.filename.replace("%22", '"') == name
    assert isinstance(decoder.next_event(), Data)


@given(MOMENTS, st.uuids())
def test_a_cursor_leads_back_to_where_it_was_made(moment: datetime, identity: object) -> None:
    cursor = cursor_after((moment, identity), "a list")  # type: ignore[arg-type]
    assert position_of(cursor, "a list") == (moment, identity)
    assert set(cursor) <= set(WORDS + "-_=")


@given(st.text(max_size=200) | st.text(WORDS + "-_=", max_size=200))
def test_no_text_makes_a_cursor_fail_but_by_being_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        moment, _ = position_of(text, "a list")
        assert moment.tzinfo is not None


@given(st.integers(0, len(KEY) - 1), st.characters(codec="utf-8"))
def test_every_single_changed_character_of_a_key_is_noticed(place: int, other: str) -> None:
    assume(other != KEY[place])
    changed = KEY[:place] + other + KEY[place + 1 :]
    assert credentials.read(changed) is None


def test_every_single_slip_within_the_alphabet_is_noticed() -> None:
    slips = (
        KEY[:place] + other + KEY[place + 1 :]
        for place in range(len(KEY))
        for other in WORDS
        if other != KEY[place]
    )
    assert not [slip for slip in slips if credentials.read(slip)]


@given(st.integers(0, len(KEY) - 2))
def test_two_characters_of_a_key_the_wrong_way_round_are_noticed(place: int) -> None:
    assume(KEY[place] != KEY[place + 1])
    assert credentials.read(KEY[:place] + KEY[place + 1] + KEY[place] + KEY[place + 2 :]) is None


@given(st.text(max_size=120))
def test_what_is_not_a_key_is_none_and_no_error(text: str) -> None:
    assert credentials.read(text) is None


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=100))
def test_a_request_id_is_one_that_logs_and_headers_can_carry(offered: str) -> None:
    with Flask("test").test_request_context(headers={"X-Request-Id": offered}):
        found = request_id()
        assert request_id() == found
    assert set(found) <= set(WORDS + "._-")
    assert 8 <= len(found) <= 64
    well_formed = 8 <= len(offered) <= 64 and set(offered) <= set(WORDS + "._-") and offered[0].isalnum()
    assert (found == offered) == well_formed


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(ValueError, match="cursor"):
        position_of("e30=", "a list")
