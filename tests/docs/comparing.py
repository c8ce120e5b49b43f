"""What differs from run to run (ids, times, hashes), so that the rest can be compared."""

import re

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VARYING = (
    (UUID, "ID"),
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{8}\b"), "SHORT"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "REQUEST"),
    (re.compile(r"\b20\d\d-\d\d-\d\d(?:T[\d:.]+Z| \d\d:\d\d(?: UTC)?)?"), "WHEN"),
    (re.compile(r"\b\d+\.\d s\b"), "SECONDS"),
    (re.compile(r"─+"), "─"),
    (re.compile(r" +"), " "),
)
_PROGRESS = re.compile(r"\w.*: \d+%.*|Waiting for a worker …")


def comparable(text: str) -> list[str]:
    """The lines of ``text`` that every run must give."""
    lines = [line.rstrip() for line in text.splitlines() if not _PROGRESS.fullmatch(line)]
    for pattern, name in _VARYING:
        lines = [pattern.sub(name, line) for line in lines]
    return [line for line in lines if line.strip()]


def learn(known: dict[str, str], promised: str, printed: str) -> None:
    """Note which id of this run stands for which of the page: those at the same place of the same line."""
    came = printed.splitlines()
    for line in promised.splitlines():
        if UUID.search(line) and (same := [one for one in came if _words(one) == _words(line)]):
            came.remove(same[0])
            for theirs, ours in zip(UUID.findall(line), UUID.findall(same[0]), strict=False):
                known.setdefault(theirs, ours)


def _words(line: str) -> list[str]:
    return " ".join(comparable(line)).split()
