"""The Procfile is understood without a shell."""

import sys
from pathlib import Path

import pytest

from embedded.procfile import Entry, ProcfileError, expand, parse


def test_lines_become_entries_in_their_order() -> None:
    lines = ["# what runs", "", "web: gunicorn app --bind 127.0.0.1:$PORT", "worker:celery worker\n"]
    assert parse(lines) == [
        Entry("web", "gunicorn app --bind 127.0.0.1:$PORT"),
        Entry("worker", "celery worker"),
    ]


@pytest.mark.parametrize("line", ["web", "web:", "two words: x", ": x"])
def test_a_line_that_is_no_entry_is_refused_by_number(line: str) -> None:
    with pytest.raises(ProcfileError, match="line 2"):
        parse(["ok: x", line])


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(ProcfileError, match="web a second time"):
        parse(["web: a", "web: b"])


def test_variables_are_filled_in_and_a_value_with_blanks_stays_one_word() -> None:
    entry = Entry("web", "python -m app --bind 127.0.0.1:$PORT --dir ${DIR} 'one word' $$5")
    words = expand(entry, {"PORT": "8000", "DIR": "/a b/; rm -rf"})
    assert words[1:] == ["-m", "app", "--bind", "127.0.0.1:8000", "--dir", "/a b/; rm -rf", "one word", "$5"]


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(ProcfileError, match=r"web uses \$PORT"):
        expand(Entry("web", "python $PORT"), {})


@pytest.mark.parametrize("command", ["python 'open", "python $"])
def test_a_malformed_command_is_refused(command: str) -> None:
    with pytest.raises(ProcfileError, match="malformed"):
        expand(Entry("web", command), {})


def test_programs_are_those_of_the_running_python() -> None:
    assert expand(Entry("web", "python"), {}) == [sys.executable]
    assert expand(Entry("web", "gunicorn"), {"PATH": "/nowhere"}) == [
        str(Path(sys.executable).parent / "gunicorn")
    ]


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ProcfileError, match="no-such-program of web"):
        expand(Entry("web", "no-such-program"), {"PATH": "/nowhere"})
