"""The stack's own settings are checked before anything starts."""

from pathlib import Path

import pytest

from embedded.stack import Stack, WrongSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"), ("PORT", "0"), ("PORT", "99999"), ("PORT", "-1"), ("PORT", "²"),
        ("FLOWER_PORT", "65536"), ("WORKERS", "0"), ("WORKERS", "x"), ("WORKERS", "9" * 5000),
    ],
)  # fmt: skip
def test_a_number_out_of_its_range_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(WrongSettings, match=rf"^{name} must be a number from 1 to \d+$"):
        Stack(tmp_path, [], {name: value})


def test_an_empty_setting_is_as_good_as_none(tmp_path: Path) -> None:
    empty, none = (
        Stack(tmp_path, [], {"PORT": "", "FLOWER_PORT": " ", "WORKERS": ""}),
        Stack(tmp_path, [], {}),
    )
    for name in ("_web_port", "_flower_port", "_workers"):
        assert getattr(empty, name) == getattr(none, name)


def test_the_generated_login_of_flower_is_gone_while_another_is_set(tmp_path: Path) -> None:
    (tmp_path / "flower.password").write_text("old\n")
    stack = Stack(tmp_path, [], {"FLOWER_BASIC_AUTH": "me:mine"})
    stack._choose_flower_login()
    assert not (tmp_path / "flower.password").exists()
    Stack(tmp_path, [], {"FLOWER_BASIC_AUTH": ""})._choose_flower_login()
    assert (tmp_path / "flower.password").read_text() != "old\n"


def test_every_wrong_setting_of_the_stack_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings) as caught:
        Stack(tmp_path, [], {"PORT": "x", "WORKERS": "zero", "FLOWER_BASIC_AUTH": "no-colon"})
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "PORT",
        "WORKERS",
        "FLOWER_BASIC_AUTH",
    ]
