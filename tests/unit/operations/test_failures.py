"""Every error that can end an attempt has its place in the table, and every code its line in the docs."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import shared
import workers
from shared.domain.errors import (
    DomainError,
    NotFound,
    PermanentStepError,
    RetryableStepError,
    Unavailable,
)
from shared.media import refusals
from shared.services.engines.engine_choice import MayNotLeave, NotOffered
from shared.services.jobs.error_policy import (
    CODES,
    KINDS,
    OUTAGE_ATTEMPTS,
    Failure,
    Kind,
    document,
    failure_of,
    is_final,
    kind_of,
    pause_seconds,
)
from shared.storage.recordings import SPEECH_GONE
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyStoreError
from workers.engines.openai import completion as openai_completion
from workers.engines.openai import errors as openai_errors

ROOT = Path(__file__).parents[3]
ADAPTERS = ("shared.db", "shared.storage", "shared.vault", "shared.media", "workers.engines", "workers.audio")
MAKERS = {"PermanentStepError", "RetryableStepError", "Unavailable", "permanent", "retryable"}
CODE = re.compile(r"[a-z]+(_[a-z]+)+")
# Answers to requests, which no step ever gets.
ONLY_FOR_REQUESTS = {"outcome_unknown", "provider_away", "sign_in_busy"}
# Words that look like codes of engines: a field, and reasons to look twice at notes that were made.
NO_ERRORS = {
    "engine_version",
    "engine_output_refused",
    "engine_reassured",
    "engine_invented",
    "engine_missed_risk",
}
# What the choice of an engine ends with at work, where an upload would be refused.
REFUSED_ENGINES = {MayNotLeave.default_code, NotOffered.default_code}
# What ends inside the adapter that raises it: told there as one of the others.
INTERNAL = {
    "shared.media.container.Refused",
    "shared.media.job.Died",
    "shared.media.job.Misbehaved",
    "shared.media.job.OutOfTime",
    "shared.media.job.Refused",
    "shared.media.job.SourceFailed",
    "workers.engines.openai.call_limits.NoPlace",
    "workers.engines.screen.conversion.EncoderUnusable",
    "workers.engines.openai.client._OversizedAnswer",
}


class Panic(BaseException):
    """As a library in Rust raises it."""


def modules(package: ModuleType) -> Iterator[str]:
    yield from (info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def errors_of_adapters() -> list[type[Exception]]:
    """Every exception class that the engines, the decoder, the storage, the keys and the database define."""
    found = set()
    for name in [*modules(shared), *modules(workers)]:
        if name.startswith(ADAPTERS):
            members = vars(importlib.import_module(name)).values()
            found |= {
                kind
                for kind in members
                if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == name
            }
    return sorted(found, key=lambda kind: kind.__module__ + kind.__qualname__)


def name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


@cache
def sources() -> list[ast.AST]:
    """Every constant and every call of what is tried again, or not."""
    found: list[ast.AST] = []
    for folder in ("shared", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text()))
            found += [node for node in nodes if isinstance(node, ast.Call | ast.Constant)]
    return found


def codes_made() -> set[str]:
    """Every code that an error at work is made with, as the source says, and those of the refusals."""
    found = {SPEECH_GONE, "worker_lost", *REFUSED_ENGINES} | {
        refusals.permanent(code).code for code in refusals.REFUSALS
    }
    for node in sources():
        if isinstance(node, ast.Call):
            made_by = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if made_by in MAKERS:
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
                found |= {c.value for v in values for c in ast.walk(v) if is_code(c)}  # type: ignore[attr-defined]
        elif is_code(node) and node.value.startswith("engine_"):  # type: ignore[attr-defined]
            found.add(node.value)  # type: ignore[attr-defined]
    found -= NO_ERRORS
    return found - ONLY_FOR_REQUESTS - set(refusals.REFUSALS) | {"not_audio"}


def is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(CODE.fullmatch(node.value))


def test_every_error_of_an_adapter_has_a_place_of_its_own_in_the_table() -> None:
    found = errors_of_adapters()
    assert len(found) >= 5
    named = [kind for kind in KINDS if kind is not BaseException]
    lacking = {name_of(kind) for kind in found if not issubclass(kind, tuple(named))}
    assert lacking - INTERNAL == set()


def every_error(kind: type[BaseException] = BaseException) -> Iterator[type[BaseException]]:
    """Every class of errors that this process knows: Python's, the libraries' and ours."""
    for child in type.__subclasses__(kind):
        yield child
        yield from every_error(child)


def test_whatever_any_library_raises_is_tried_again_as_if_it_were_a_bug() -> None:
    errors_of_adapters()  # has them imported
    foreign = {kind for kind in every_error() if not issubclass(kind, DomainError)}
    assert len(foreign) > 300
    permanent = {kind for kind in foreign if kind_of(kind) is Kind.PERMANENT}
    assert permanent == {kind for kind in foreign if issubclass(kind, KeyStoreError | TamperedObject)}
    assert {kind_of(kind) for kind in foreign - permanent} == {Kind.RETRYABLE}


def test_every_code_that_work_can_fail_with_is_in_the_table() -> None:
    made = codes_made()
    assert len(made) >= 40
    assert made - CODES.keys() == set()


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_belongs_to_an_error_of_the_same_kind(code: str) -> None:
    """Whoever raises it says by the type whether it passes; the table may say that it takes long."""
    kinds = set()
    for node in sources():
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in MAKERS:
            made_by = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if any(isinstance(a, ast.Constant) and a.value == code for a in node.args):
                kinds.add("permanent" if made_by in ("PermanentStepError", "permanent") else "passing")
    assert kinds <= ({"permanent"} if CODES[code] is Kind.PERMANENT else {"passing"})


def test_the_docs_are_made_from_the_table() -> None:
    written = (ROOT / "docs" / "codes.md").read_text()
    assert written == "\n".join(document()), "python -m shared.services.jobs.error_policy > docs/codes.md"


def test_what_a_client_is_told_is_never_a_librarys_sentence() -> None:
    for error in (ValueError("my brother"), NotFound("my brother"), Unavailable("my brother", "disk_full")):
        assert "brother" not in failure_of(error).detail


ADVICE = re.compile(
    r"\b(?:check|choose|set|restore|retry|report|run|look|export|upload|cut|mend|extract"
    r"|tried again|ask|allow|leave)",
    re.IGNORECASE,
)


def test_every_sentence_about_a_failed_session_says_what_to_do() -> None:
    """docs/operations.md promises it: those of engines behind HTTP are held to it by their own table."""
    silent = []
    for node in sources():
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
            "PermanentStepError",
            "RetryableStepError",
        ):
            said = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
            text = " ".join(part for part in said if isinstance(part, str))
            if text and not ADVICE.search(text):
                silent.append(text)
    assert silent == []
    services = (openai_errors, openai_completion)
    texts = [value for module in services for value in vars(module).values() if isinstance(value, tuple)]
    pairs = [*texts, *openai_errors._PERMANENT.values()]
    permanent = [pair for pair in pairs if CODES.get(pair[0]) is Kind.PERMANENT]
    assert len(permanent) >= 12
    assert [text for _, text in permanent if not ADVICE.search(text)] == []
    for error in (ValueError(), TamperedObject("x"), KeyStoreError("x")):
        assert ADVICE.search(failure_of(error).detail)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermanentStepError("No.", "something_new"), Kind.PERMANENT),
        (RetryableStepError("Later.", "something_new"), Kind.RETRYABLE),
        (RetryableStepError("Away.", "engine_unavailable"), Kind.OUTAGE),
        (Unavailable("Away.", "something_new"), Kind.OUTAGE),
        (DomainError("Odd."), Kind.RETRYABLE),
        (ZeroDivisionError(), Kind.RETRYABLE),
        (Panic(), Kind.RETRYABLE),
    ],
)
def test_the_type_of_an_error_decides_and_the_code_may_say_that_it_is_an_outage(
    error: Exception, kind: Kind
) -> None:
    assert failure_of(error).kind is kind


def test_a_named_pause_is_obeyed_and_pauses_double_with_jitter() -> None:
    asked = failure_of(RetryableStepError("Busy.", "engine_rate_limited", retry_after_seconds=3000))
    assert pause_seconds(asked, 1, first=10, longest=600) == 3000
    plain = Failure(Kind.RETRYABLE, "engine_failed", "")
    pauses = [pause_seconds(plain, 3, first=10, longest=600) for _ in range(50)]
    assert all(20 <= pause <= 40 for pause in pauses)
    assert len(set(pauses)) > 1
    assert pause_seconds(plain, 1000, first=10, longest=600) <= 600


def test_attempts_are_capped_by_the_step_and_outages_by_a_day() -> None:
    assert is_final(Failure(Kind.PERMANENT, "x", ""), 1, 8)
    assert [is_final(Failure(Kind.RETRYABLE, "x", ""), n, 8) for n in (7, 8)] == [False, True]
    outage = Failure(Kind.OUTAGE, "x", "")
    assert [is_final(outage, n, 8) for n in (8, OUTAGE_ATTEMPTS - 1, OUTAGE_ATTEMPTS)] == [False, False, True]
    assert OUTAGE_ATTEMPTS * 600 * 0.75 >= 0.75 * 24 * 3600
