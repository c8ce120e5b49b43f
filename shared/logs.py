"""Structured logs with a fixed set of fields, so that nothing said in a session can get in."""

import logging
import re
import sys
from collections.abc import MutableMapping
from enum import Enum
from typing import Any
from uuid import UUID

import structlog

# A field that is not here is dropped. Add one only if its values can never hold clinical text.
FIELDS = frozenset({
    "action", "attempt", "bytes", "chunks", "code", "confinement", "count", "duration_seconds", "error",
    "http_status", "key_id", "level", "logger", "method", "name", "part", "practice_id", "process",
    "provider_code", "provider_request_id", "queue", "request_id", "route", "session_id", "state", "status",
    "step", "timestamp", "worker",
})  # fmt: skip
# Ids, codes, routes, worker names: nothing with a blank in it, so no sentence.
_WORD = re.compile(r"[\w.:/<>@,+-]{1,200}")
_QUIET = (
    "fido2",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "urllib3",
    "openai",
    "celery",
    "kombu",
    "amqp",
    "alembic",
)


def configure(process: str, level: str = "INFO") -> None:
    """Write one JSON object a line to stderr, for our own loggers and the libraries' warnings."""
    chain: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _keep_known_fields,
    ]
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    # A line that cannot be written is lost: else logging prints the error that was on its way, words and all.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_withhold_foreign_text, *chain],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _with_process(process),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


Event = MutableMapping[str, Any]


def _keep_known_fields(logger: Any, method: str, event: Event) -> Event:
    """Drop unknown fields; turn what is left into ids, numbers and short words."""
    kept: Event = {"event": event.get("event", "")}
    for key in FIELDS & event.keys():
        kept[key] = _plain(event[key])
    for key in ("_record", "_from_structlog"):  # what the formatter needs of its own
        if key in event:
            kept[key] = event[key]
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if _WORD.fullmatch(text) else "withheld"


def _withhold_foreign_text(logger: Any, method: str, event: Event) -> Event:
    """Of a library's line keep the template, if it has one: values and tracebacks may quote a record."""
    event.pop("exc_info", None)
    event.pop("stack_info", None)
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        # The formatter has emptied ``args``; a template shows by its placeholders.
        is_template = isinstance(record.msg, str) and "%" in record.msg
        event["event"] = record.msg[:200] if is_template else "library_message"
        record.exc_info = record.exc_text = record.stack_info = None
    return event


def _with_process(process: str) -> Any:
    def add(logger: Any, method: str, event: Event) -> Event:
        event["process"] = process
        return event

    return add
