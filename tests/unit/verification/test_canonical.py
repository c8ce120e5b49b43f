"""The canonical JSON of RFC 8785, with the examples of its appendix."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.notes.canonical_json import canonical, content_hash

STORED_NOTES = Path(__file__).parents[2] / "fixtures" / "stored_notes"
# By the code that signed before a library wrote canonical JSON.
SIGNED = {
    "before_versions": "bfe4cd764e295c636068f5c16d5f7143265e118985e2117f2c16b3608fd9e411",
    "first_release": "80888718d434e9a66609a8827b77ba7201eb08a9a33e4843c61d415f02915e05",
    "version_2": "705a19d21e5ec49a233b2e9480fe7f8366d8a9def7e4b3a4ce6ac88ab9f63bcd",
    "with_completeness": "ab2d9251aaa3b0934161feaf30280c150dd683919be9af9c2bdbebf65c1c4b6a",
}


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, "0"), (-0.0, "0"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"), (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"), (1e23, "1e+23"), (1e21, "1e+21"),
        (0.000001, "0.000001"), (1e-7, "1e-7"), (9.999999999999997e-7, "9.999999999999997e-7"),
        (333333333.3333332, "333333333.3333332"), (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (1.0, "1"), (13.9, "13.9"), (1e20, "100000000000000000000"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_ecmascript_writes_them(number: float, written: str) -> None:
    assert canonical(number) == written


def test_names_are_sorted_by_utf_16_and_strings_escaped_as_little_as_json_allows() -> None:
    value = {
        "\u20ac": "Euro",
        "\r": "CR",
        "\ufb33": "Dalet",
        "1": "One",
        "\U0001f600": "Smiley",
        "\u0080": "C",
    }
    assert list(json.loads(canonical(value))) == ["\r", "1", "\u0080", "\u20ac", "\U0001f600", "\ufb33"]
    assert canonical('\u20ac$\u000f\nA\'B"\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\"/"'


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), 2**53 + 1])
def test_what_is_no_number_in_json_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"JCS|safe integer"):
        canonical(value)


def test_what_earlier_releases_signed_has_the_same_hash_still() -> None:
    document = {
        "draft": False, "text": "Ñandú — “quoted” \u2028 😀 \b",
        "numbers": [0.0, 1.0, 13.9, 1e-7, 1e21, -0.5],
        "z": None, "\ufb33": True, "😀": {}, "nested": [{"b": [], "a": [1, 2]}],
    }  # fmt: skip
    hashed = content_hash(UUID(int=7), 3, document)
    assert hashed == "a9ae1d9e79d3df34e8c310aea9f32acd491b3da87849be79aa448db2eb5a3675"


@pytest.mark.parametrize("name", sorted(SIGNED))
def test_stored_notes_of_past_releases_have_the_same_hash_still(name: str) -> None:
    stored = json.loads((STORED_NOTES / f"{name}.json").read_text("utf-8"))
    assert content_hash(UUID(int=7), 3, stored) == SIGNED[name]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(1 - 2.0**53, 2.0**53 - 1)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_it_reads_back_as_it_was_and_is_written_the_same_again(value: object) -> None:
    again = json.loads(canonical(value))
    assert again == value
    assert canonical(again) == canonical(value)
