"""The ``.env`` file is read like other tools read it."""

from pathlib import Path

import pytest

from embedded.envfile import EnvFileError, read_env_file


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=plain", "plain"),
        ("export KEY = spaced out ", "spaced out"),
        ("KEY=value # comment", "value"),
        ("KEY=pass#word", "pass#word"),
        ("KEY=#hash", "#hash"),
        ("KEY= # only a comment", ""),
        ("KEY=", ""),
        ("KEY='single # $kept'", "single # $kept"),
        (r'KEY="a \"quoted\" word" # comment', 'a "quoted" word'),
        ('KEY=""', ""),
        ("KEY=postgresql://u:p@h/db?a=b", "postgresql://u:p@h/db?a=b"),
    ],
)
def test_a_line_gives_its_value(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"# first\n\n{line}\n")
    assert read_env_file(tmp_path / ".env") == {"KEY": value}


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_a_file_that_is_not_text_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"KEY=hunter2\xff\n")
    with pytest.raises(EnvFileError, match=r"\.env is not UTF-8 text$"):
        read_env_file(tmp_path / ".env")


def test_a_folder_in_its_place_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(EnvFileError, match=r"\.env cannot be read: Is a directory"):
        read_env_file(tmp_path / ".env")


@pytest.mark.parametrize(
    "line", ["KEY=hunter2\0", "hunter2", "2KEY=hunter2", "KEY='hunter2", 'KEY="hunter2" tail']
)
def test_a_malformed_line_is_refused_without_showing_it(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"A=1\n{line}\n")
    with pytest.raises(EnvFileError, match="line 2") as caught:
        read_env_file(tmp_path / ".env")
    assert "hunter2" not in str(caught.value)
