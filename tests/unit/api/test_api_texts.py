"""The pure parts of the API: keys, cursors, file names, multipart bodies, texts."""

import base64
import io
import json
import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import RequestedRangeNotSatisfiable, RequestEntityTooLarge

from api.http import event_stream, ranges
from api.uploads import multipart
from shared.domain.errors import InvalidInput, TooLarge
from shared.exports import transcript_text
from shared.schemas import file_names
from shared.services import paging
from shared.services.accounts import credentials


@given(position=st.integers(0, 62), replacement=st.sampled_from("abcXYZ019_"))
def test_no_single_slip_of_the_finger_makes_another_key(position: int, replacement: str) -> None:
    key = credentials.mint().secret
    slipped = key[:position] + replacement + key[position + 1 :]
    found = credentials.read(slipped)
    assert found is None or slipped == key


def test_a_key_is_found_by_its_prefix_and_hidden_in_its_repr() -> None:
    minted = credentials.mint()
    assert credentials.read(minted.secret) == minted
    assert minted.secret not in repr(minted)
    assert minted.digest(b"one pepper") != minted.digest(b"another")


def test_a_cursor_leads_back_to_its_position() -> None:
    position = (datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), uuid4())
    assert paging.position_of(paging.cursor_after(position, "a list"), "a list") == position


@given(st.datetimes(timezones=st.just(UTC)), st.uuids(), st.text(), st.text())
def test_a_cursor_leads_on_in_its_own_list_only(
    moment: datetime, identity: UUID, one: str, other: str
) -> None:
    cursor = paging.cursor_after((moment, identity), one)
    assert paging.position_of(cursor, one) == (moment, identity)
    assert re.fullmatch(r"[A-Za-z0-9_=-]+", cursor)
    if one != other:
        with pytest.raises(ValueError, match="not a cursor"):
            paging.position_of(cursor, other)


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_anything_else_is_no_cursor(cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        paging.position_of(cursor, "a list")


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_json_of_another_shape_is_no_cursor(value: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    with pytest.raises(ValueError, match="not a cursor"):
        paging.position_of(cursor, "a list")


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 300))
def test_a_range_is_what_slicing_would_give(first: int, last: int, size: int) -> None:
    whole = bytes(range(256)) * 2
    whole = whole[:size]
    if first >= size and last >= first:
        with pytest.raises(RequestedRangeNotSatisfiable):
            ranges.wanted(f"bytes={first}-{last}", size)
    elif last >= first:
        start, stop = ranges.wanted(f"bytes={first}-{last}", size) or (0, 0)
        assert whole[start:stop] == whole[first : last + 1]
    else:
        assert ranges.wanted(f"bytes={first}-{last}", size) is None


@given(st.integers(0, 10**30), st.integers(1, 10**12))
def test_a_range_may_end_where_the_recording_does(number: int, size: int) -> None:
    for header, satisfiable, expected in (
        (f"bytes={number}-", number < size, (number, size)),
        (f"bytes=-{number}", number > 0, (max(0, size - number), size)),
    ):
        if satisfiable:
            assert ranges.wanted(header, size) == expected
        else:
            with pytest.raises(RequestedRangeNotSatisfiable):
                ranges.wanted(header, size)


@given(st.one_of(st.text(), st.from_regex(r"[bB]ytes=[0-9,\- ]*"), st.none()), st.integers(1, 10**6))
def test_whatever_is_sent_as_a_range_lies_within_the_recording(header: str | None, size: int) -> None:
    try:
        part = ranges.wanted(header, size)
    except RequestedRangeNotSatisfiable:
        return
    assert part is None or 0 <= part[0] < part[1] <= size


@pytest.mark.parametrize(
    "header", ["bytes=0-1,3-4", "bytes=-", "bytes", "items=0-1", "bytes=a-b", "bytes=2-1"]
)
def test_what_is_not_one_range_of_bytes_is_ignored(header: str) -> None:
    assert ranges.wanted(header, 10) is None


@given(st.text())
def test_whatever_is_sent_as_the_last_events_id_is_read_or_ignored(text: str) -> None:
    found = event_stream.seen(text)
    assert found == event_stream.Seen() or re.fullmatch("[0-9]+-[0-9]+", text)


@given(st.text(max_size=600))
def test_a_cleaned_name_is_short_and_harmless(name: str) -> None:
    kept = file_names.cleaned(name)
    assert len(kept) <= 255
    assert not set(kept) & set("/\\\r\n\x00\u202e\u2066\u200f")
    assert file_names.cleaned(kept) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nX-Evil: 1.wav", "aX-Evil: 1.wav"),
        ("n" * 300 + ".mp3", "n" * 251 + ".mp3"),
        ("e\u0301.wav", "\u00e9.wav"),
        ("\x00", ""),
    ],
)
def test_names_are_cleaned_as_shown(name: str, kept: str) -> None:
    assert file_names.cleaned(name) == kept


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("=?UTF-8?Q?Sitzung_M=C3=BCller.mp3?=", "Sitzung M\u00fcller.mp3"),
        ("=?utf-8?b?U2l0enVuZyBNw7xsbGVyLm1wMw==?=", "Sitzung M\u00fcller.mp3"),
        ("=?ISO-8859-1?Q?Sitzung_?= =?ISO-8859-1?Q?M=FCller.mp3?=", "Sitzung M\u00fcller.mp3"),
        ("=?no-such?Q?a.mp3?=", "=?no-such?Q?a.mp3?="),
        ("=?UTF-8?B?/?=", "=?UTF-8?B?/?="),
        ("What=?.mp3", "What=?.mp3"),
    ],
)
def test_a_name_in_encoded_words_is_read(name: str, read: str) -> None:
    assert file_names.decoded(name) == read


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_name_is_read_in_utf_8_or_as_western_windows_writes_it(encoding: str) -> None:
    head = 'Content-Disposition: form-data; name="file"; filename="Sitzung M\u00fcller \u20ac.mp3"'.encode(
        encoding
    )
    found = multipart.events(io.BytesIO(b"--x\r\n" + head + b"\r\n\r\nbody\r\n--x--\r\n"), "x")
    assert [part.filename for part in found if isinstance(part, multipart.File)] == [
        "Sitzung M\u00fcller \u20ac.mp3"
    ]


def test_a_file_arrives_whole_wherever_a_single_cut_falls() -> None:
    head = b'--x-y\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = head + b"content\r" + b"\r\n--x-y--\r\n"
    for cut in range(1, len(body)):
        assert content_of(Dribble(body, [cut])) == b"content\r", cut


def content_of(stream: io.RawIOBase) -> bytes:
    """The file in a body, copied as it comes: an event's data is gone with the next one."""
    content = bytearray()
    for event in multipart.events(stream, "x-y"):
        if isinstance(event, multipart.Data):
            content += event.data
    return bytes(content)


class Dribble(io.RawIOBase):
    """A stream that gives its bytes in pieces of these sizes."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._rest = content
        self._sizes = list(sizes)

    def readinto(self, buffer: memoryview) -> int:
        take = min(self._sizes.pop(0) if self._sizes else len(self._rest), len(buffer))
        piece, self._rest = self._rest[:take], self._rest[take:]
        buffer[: len(piece)] = piece
        return len(piece)


TRICKY = st.sampled_from([b"\r", b"\n", b"-", b"--x", b"\r\n--x", b"\r\n--x-", b"--x-yy", b"a"])


@settings(max_examples=400)
@given(content=st.lists(TRICKY, max_size=12).map(b"".join), sizes=st.lists(st.integers(1, 40), max_size=120))
def test_a_file_arrives_whole_however_it_is_cut_into_pieces(content: bytes, sizes: list[int]) -> None:
    body = (
        b'--x-y\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        + content
        + b"\r\n--x-y--\r\n"
    )
    assert content_of(Dribble(body, sizes)) == content


@pytest.mark.parametrize("around", [b"", b"\r", b"\r\n", b"\r\n--x-", b"--x-y", b"\n--x-yy"])
def test_a_large_file_arrives_whole_whatever_stands_at_the_edge_of_a_block(around: bytes) -> None:
    for shift in (-20, -9, -4, -1, 0, 1, 7):
        content = b"a" * (2 * multipart.BLOCK_BYTES + shift) + around + b"b" * multipart.BLOCK_BYTES + around
        body = b'--x-y\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        assert content_of(io.BytesIO(body + content + b"\r\n--x-y--\r\n")) == content, shift


def test_a_body_over_its_limit_is_refused_at_the_byte() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--x--\r\n'
    assert list(multipart.events(io.BytesIO(body), "x", len(body)))
    with pytest.raises(RequestEntityTooLarge):
        list(multipart.events(io.BytesIO(body), "x", len(body) - 1))


@pytest.mark.parametrize(
    "body",
    [b"", b"no boundary at all", b"--x\r\nNo-Disposition: 1\r\n\r\nabc\r\n--x--", b"--x\r\n\xff: 1\r\n\r\n"],
)
def test_a_body_that_is_not_multipart_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        list(multipart.events(io.BytesIO(body), "x"))


_PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


@pytest.mark.parametrize("body", [b"--x\r\nA: " + b"a" * 10_000_000, _PART * 51 + b"--x--\r\n"])
def test_headers_without_end_and_parts_without_number_are_refused_as_what_they_are(body: bytes) -> None:
    with pytest.raises(TooLarge) as refused:
        list(multipart.events(io.BytesIO(body), "x"))
    assert refused.value.code == "form_too_large"


def test_a_cue_cannot_be_ended_by_what_was_said() -> None:
    segment = {"start": 0.0, "end": 1.0, "speaker": "a\nb", "text": "x\n\n00:00 --> 00:01\n<b>"}
    vtt = transcript_text.as_vtt({"segments": [segment]})
    assert vtt.count("-->") == 1
    assert vtt.count("\n\n") == 1
    assert transcript_text.as_srt({"segments": [segment]}).count("-->") == 1
