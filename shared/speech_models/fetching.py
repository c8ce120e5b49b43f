"""Fetches a model's files from the hub, a mirror or a folder; resumes, verifies, then puts them in place."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from shared.speech_models import folders
from shared.speech_models.catalogue import SpeechModel

_TIMEOUT = httpx2.Timeout(30.0)
# Attempts in a row that bring no byte, before the source is given up.
ATTEMPTS = 6
LONGEST_PAUSE_SECONDS = 15.0
_SPARE_BYTES = 64 << 20

Report = Callable[[str, int, int | None], None]


class FetchFailed(Exception):
    """The model cannot be fetched; the text says why and what to do."""


def fetch(
    model: SpeechModel,
    models_dir: Path,
    source: str,
    report: Report,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Put ``model`` into ``models_dir`` and return its folder; raises FetchFailed.

    ``source`` is a folder, or the base URL of the hub or of a mirror with the hub's paths. ``report`` is
    told a file's name, the bytes that are there, and the bytes in all (None if the source does not say).
    What was fetched before an interruption is kept in ``NAME.part`` and not fetched again.
    """
    target = models_dir / model.name
    if target.is_dir() and not folders.problems(model, target):
        return target
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        part = models_dir / f"{model.name}.part"
        with _alone(models_dir / f"{model.name}.lock", model.name):
            part.mkdir(exist_ok=True)
            _check_space(part, model)
            for name, expected in model.files.items():
                if folders.sha256_of(part / name) != expected:
                    _one_file(model, name, source, part / name, report, pause)
            _put_in_place(part, target)
    except OSError as error:
        raise FetchFailed(f"{models_dir} cannot be written to: {error.strerror or error}.") from error
    return target


@contextmanager
def _alone(lock: Path, name: str) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FetchFailed(f"Another process is fetching {name}. Wait for it to end.") from None
        yield


def _check_space(part: Path, model: SpeechModel) -> None:
    there = sum(file.stat().st_size for file in part.iterdir())
    needed = model.megabytes * 1_000_000 - there + _SPARE_BYTES
    free = shutil.disk_usage(part).free
    if free < needed:
        raise FetchFailed(
            f"{model.name} needs {needed // 1_000_000} MB more and {free // 1_000_000} MB are free in "
            f"{part.parent}."
        )


def _one_file(
    model: SpeechModel,
    name: str,
    source: str,
    path: Path,
    report: Report,
    pause: Callable[[float], None],
) -> None:
    if source.startswith(("http://", "https://")):
        url = f"{source.rstrip('/')}/{model.repository}/resolve/{model.revision}/{name}"
        _download(url, path, lambda done, total: report(name, done, total), pause)
    else:
        _copy(_in_folder(Path(source).expanduser(), model, name), path)
        report(name, path.stat().st_size, path.stat().st_size)
    if folders.sha256_of(path) != model.files[name]:
        path.unlink()
        raise FetchFailed(
            f"{name} from {source} is not the {name} of {model.name} (its SHA-256 is another). Nothing of it "
            "was kept. Use another source with --from."
        )


def _in_folder(folder: Path, model: SpeechModel, name: str) -> Path:
    found = next((path for path in (folder / model.name / name, folder / name) if path.is_file()), None)
    if found is None:
        raise FetchFailed(f"There is no {name} in {folder} or in {folder / model.name}.")
    return found


def _copy(origin: Path, path: Path) -> None:
    try:
        shutil.copyfile(origin, path)
    except OSError as error:
        raise FetchFailed(f"{origin} cannot be copied: {error.strerror or error}.") from error


def _download(
    url: str, path: Path, report: Callable[[int, int | None], None], pause: Callable[[float], None]
) -> None:
    """Bring ``path`` to its full length, going on after each break; raises FetchFailed."""
    failures = 0
    while True:
        before = _size(path)
        try:
            _append(url, path, before, report)
        except httpx2.HTTPError as error:
            failures = 0 if _size(path) > before else failures + 1
            if failures >= ATTEMPTS:
                raise FetchFailed(
                    f"{url} cannot be read ({type(error).__name__}). What was fetched is kept: run the "
                    "command again to go on, or name another source with --from."
                ) from error
            pause(min(LONGEST_PAUSE_SECONDS, 0.5 * 2**failures))
        else:
            return


def _append(url: str, path: Path, have: int, report: Callable[[int, int | None], None]) -> None:
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    with httpx2.stream("GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT) as answer:
        if answer.status_code == 416:  # nothing is left to send: the hash decides
            return
        _require_content(url, answer)
        goes_on = answer.status_code == 206
        have = have if goes_on else 0
        length = answer.headers.get("content-length", "")
        total = have + int(length) if length.isdecimal() else None
        with path.open("ab" if goes_on else "wb") as file:
            for block in answer.iter_raw():  # as it comes: what a block still lacks would be lost with it
                file.write(block)
                have += len(block)
                report(have, total)
        if total is not None and have < total:
            raise httpx2.RemoteProtocolError("the answer ended early")


def _require_content(url: str, answer: httpx2.Response) -> None:
    """Raise HTTPStatusError for what may pass, and FetchFailed for what will not."""
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        answer.raise_for_status()
    if answer.status_code not in (200, 206):
        raise FetchFailed(f"{url} answers {answer.status_code}. Name another source with --from.")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _put_in_place(part: Path, target: Path) -> None:
    for file in part.iterdir():
        with file.open("rb") as written:
            os.fsync(written.fileno())
    if target.exists():
        shutil.rmtree(target)  # its files were not the catalogue's
    part.rename(target)
