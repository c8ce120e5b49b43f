"""Logs hold ids, numbers and short words, whatever is handed to them."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from shared import logs


@pytest.fixture
def configure() -> Iterator[Callable[[], None]]:
    """Configures the logs within the test, when its stderr is already captured."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield lambda: logs.configure("worker")
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    written = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert written, "nothing was logged, so nothing was tested"
    return written


def test_known_fields_are_written(capsys: pytest.CaptureFixture[str], configure: Callable[[], None]) -> None:
    configure()
    structlog.get_logger("a").info("step_started", session_id="42", attempt=2)
    (line,) = lines(capsys)
    assert (line["event"], line["session_id"], line["attempt"]) == ("step_started", "42", 2)
    assert line["process"] == "worker"


def test_unknown_fields_are_dropped(
    capsys: pytest.CaptureFixture[str], configure: Callable[[], None]
) -> None:
    configure()
    structlog.get_logger("a").info("heard", transcript="what was said")
    assert "what was said" not in json.dumps(lines(capsys))


def test_a_librarys_arguments_are_withheld(
    capsys: pytest.CaptureFixture[str], configure: Callable[[], None]
) -> None:
    configure()
    logging.getLogger("some.library").warning("could not handle %s", "what was said")
    (line,) = lines(capsys)
    assert "what was said" not in json.dumps(line)
    assert line["event"] == "could not handle %s"


def test_a_librarys_traceback_is_withheld(
    capsys: pytest.CaptureFixture[str], configure: Callable[[], None]
) -> None:
    configure()
    try:
        raise ValueError("what was said")
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
    assert "what was said" not in json.dumps(lines(capsys))


def test_a_librarys_message_without_a_template_is_withheld(
    capsys: pytest.CaptureFixture[str], configure: Callable[[], None]
) -> None:
    configure()
    logging.getLogger("some.library").error(ValueError("what was said"))
    logging.getLogger("some.library").error("it was: what was said")
    assert "what was said" not in json.dumps(lines(capsys))


def test_a_known_field_takes_words_and_no_sentences(
    capsys: pytest.CaptureFixture[str], configure: Callable[[], None]
) -> None:
    configure()
    structlog.get_logger("a").info("step_failed", code="what was said")
    (line,) = lines(capsys)
    assert line["code"] == "withheld"


def test_our_own_exceptions_text_is_withheld(
    capsys: pytest.CaptureFixture[str], configure: Callable[[], None]
) -> None:
    configure()
    try:
        raise ValueError("what was said")
    except ValueError:
        structlog.get_logger("a").exception("it_broke")
    assert "what was said" not in json.dumps(lines(capsys))


def test_a_line_that_cannot_be_written_prints_no_error_in_its_place(
    capsys: pytest.CaptureFixture[str], configure: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    configure()
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    gone = io.StringIO()
    gone.close()
    handler.setStream(gone)
    try:
        raise ValueError("what was said")
    except ValueError:
        structlog.get_logger("a").error("step_broke")
    assert capsys.readouterr().err == ""
