"""Values in JSON: what the OpenAPI document says of them is what is taken."""

import re
from datetime import UTC, datetime

import pytest
from marshmallow import ValidationError

from api.schemas.recordings.uploads import UploadFormSchema
from shared.schemas.fields import Moment, Text, Whole, Word, is_blank, text_pattern
from shared.schemas.file_names import is_harmful

# Beyond U+FFFF Python and ECMA-262 write characters differently; surrogates are in no JSON text.
CHARACTERS = [chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF]


@pytest.mark.parametrize("lines", [False, True])
def test_the_pattern_of_a_text_tells_of_each_character_what_the_code_does(lines: bool) -> None:
    pattern = re.compile(text_pattern(lines=lines))
    for mark in CHARACTERS:
        harmful = is_harmful(mark) and not (lines and mark in "\r\n")
        assert bool(pattern.fullmatch(f"a{mark}b")) == (not harmful), hex(ord(mark))
        assert bool(pattern.fullmatch(mark)) == (not harmful and not is_blank(mark)), hex(ord(mark))


@pytest.mark.parametrize("text", ["", " ", "a", " a ", "a\nb", "\u200e", "\ufeff"])
@pytest.mark.parametrize("may_be_empty", [False, True])
@pytest.mark.parametrize("lines", [False, True])
def test_a_text_is_taken_if_its_pattern_says_so(text: str, may_be_empty: bool, lines: bool) -> None:
    field = Text(100, may_be_empty=may_be_empty, lines=lines)
    says_so = re.fullmatch(field.metadata["pattern"], text) is not None
    assert taken(field, text) == says_so


@pytest.mark.parametrize("value", [2, 2.0, -3])
def test_a_whole_number_is_one_however_it_is_written(value: float) -> None:
    assert Whole().deserialize(value) == value


@pytest.mark.parametrize("value", [2.5, "2", True, float("inf"), float("nan"), [2]])
def test_what_only_looks_like_a_whole_number_is_refused(value: object) -> None:
    assert not taken(Whole(), value)


def test_no_line_break_slips_in_behind_a_word() -> None:
    assert taken(Word("^[a-z]+$"), "abc")
    assert not taken(Word("^[a-z]+$"), "abc\n")


def taken(field: Text | Whole | Word, value: object) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "written", ["2026-01-31T10:00:00z", "2026-01-31t10:00:00Z", "2026-01-31t11:00:00+01:00"]
)
def test_a_time_may_be_written_in_lower_case(written: str) -> None:
    assert Moment().deserialize(written) == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-31T10:00:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_read_as_utc_and_says_so(written: str, read: datetime) -> None:
    assert Moment().deserialize(written) == read
    assert "UTC" in UploadFormSchema().fields["session_date"].metadata["description"]


def test_a_decomposed_name_is_kept_as_it_is_typed_elsewhere() -> None:
    assert Text(20).deserialize("Zoe\u0308 Mu\u0308ller") == "Zo\u00eb M\u00fcller"
