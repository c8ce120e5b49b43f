"""Models are fetched whole and verified, whatever breaks on the way, from a hub, a mirror or a folder."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import Exit
from shared.speech_models import catalogue, fetching, folders
from shared.speech_models.catalogue import SpeechModel

CONTENT = {"config.json": b"{}", "tokenizer.json": b'{"a": 1}' * 50, "model.bin": bytes(range(256)) * 4000}
HASHES = {name: hashlib.sha256(body).hexdigest() for name, body in CONTENT.items()}
MODEL = SpeechModel("small.en", "Someone/a-model", "0123abcd", HASHES, megabytes=1)


class Hub:
    """A hub on this machine: what it was asked, and how it misbehaves."""

    def __init__(self) -> None:
        self.ranges: list[str | None] = []
        self.break_after: int | None = None  # bytes of an answer's body, until ``breaks`` are used up
        self.breaks = 0
        self.honours_ranges = True
        self.content = dict(CONTENT)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        *_, name = request.path.split("/")
        assert request.path == f"/{MODEL.repository}/resolve/{MODEL.revision}/{name}"
        body, asked = self.content[name], request.headers.get("Range")
        if name == "model.bin":
            self.ranges.append(asked)
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.honours_ranges else 0
        if first >= len(body):
            request.send_error(416)
            return
        request.send_response(206 if first else 200)
        request.send_header("Content-Length", str(len(body) - first))
        request.end_headers()
        rest = body[first:]
        if self.break_after is not None and self.breaks > 0 and len(rest) > self.break_after:
            self.breaks -= 1
            rest = rest[: self.break_after]
        request.wfile.write(rest)


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(models: Path, source: str, model: SpeechModel = MODEL) -> Path:
    return fetching.fetch(model, models, source, lambda *_: None, pause=lambda _: None)


def test_a_download_that_breaks_off_again_and_again_goes_on_where_it_was(tmp_path: Path) -> None:
    hub = Hub()
    hub.break_after, hub.breaks = 100_000, 4
    told: list[tuple[str, int, int | None]] = []
    with serving(hub) as url:
        folder = fetching.fetch(MODEL, tmp_path, url, lambda *it: told.append(it), pause=lambda _: None)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert hub.ranges == [None, *(f"bytes={n * 100_000}-" for n in range(1, 5))]
    size = len(CONTENT["model.bin"])
    assert told[-1] == ("model.bin", size, size)


def test_a_source_that_brings_nothing_is_given_up_and_what_is_there_is_kept(tmp_path: Path) -> None:
    hub = Hub()
    hub.break_after, hub.breaks = 300_000, 1
    with serving(hub) as url, pytest.raises(fetching.FetchFailed, match="What was fetched is kept"):
        hub.content.pop("model.bin")  # the handler dies without an answer
        fetch(tmp_path, url)
    assert not (tmp_path / MODEL.name).exists()
    hub = Hub()
    hub.break_after, hub.breaks = 300_000, 1
    (tmp_path / f"{MODEL.name}.part" / "model.bin").write_bytes(CONTENT["model.bin"][:300_000])
    with serving(hub) as url:
        fetch(tmp_path, url)
    assert hub.ranges[0] == "bytes=300000-"


def test_a_server_that_knows_no_ranges_sends_the_file_from_its_beginning(tmp_path: Path) -> None:
    hub = Hub()
    hub.break_after, hub.breaks, hub.honours_ranges = 100_000, 1, False
    with serving(hub) as url:
        folder = fetch(tmp_path, url)
    assert (folder / "model.bin").read_bytes() == CONTENT["model.bin"]


def test_another_file_under_the_name_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    hub = Hub()
    hub.content["model.bin"] = b"something else"
    with serving(hub) as url, pytest.raises(fetching.FetchFailed, match="SHA-256"):
        fetch(tmp_path, url)
    assert not (tmp_path / MODEL.name).exists()
    assert not (tmp_path / f"{MODEL.name}.part" / "model.bin").exists()


@pytest.mark.parametrize("layout", [".", "small.en"])
def test_a_folder_is_a_source_too(tmp_path: Path, layout: str) -> None:
    source = tmp_path / "usb" / layout
    source.mkdir(parents=True)
    for name, body in CONTENT.items():
        (source / name).write_bytes(body)
    folder = fetch(tmp_path / "models", str(tmp_path / "usb"))
    assert folders.problems(MODEL, folder) == []
    assert folders.find("small.en", tmp_path / "models") == folder


def test_a_folder_without_a_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(fetching.FetchFailed, match=r"no config\.json in"):
        fetch(tmp_path / "models", str(tmp_path))


def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(fetching.FetchFailed, match="MB are free"):
        fetch(tmp_path, "http://127.0.0.1:9", replace(MODEL, megabytes=10**9))


def test_two_at_once_do_not_write_the_same_file(tmp_path: Path) -> None:
    with (
        fetching._alone(tmp_path / f"{MODEL.name}.lock", MODEL.name),
        pytest.raises(fetching.FetchFailed, match="Another process"),
    ):
        fetch(tmp_path, "http://127.0.0.1:9")


def test_the_packaged_model_is_the_pinned_one_and_is_found_without_a_folder() -> None:
    folder = folders.find(catalogue.DEFAULT_MODEL, None)
    assert folder is not None
    assert folders.problems(catalogue.MODELS[catalogue.DEFAULT_MODEL], folder) == []


def test_a_fetched_copy_goes_before_the_packaged_one_only_once_it_is_whole(tmp_path: Path) -> None:
    copy = tmp_path / catalogue.DEFAULT_MODEL
    copy.mkdir()
    assert folders.find(catalogue.DEFAULT_MODEL, tmp_path) != copy
    for name in folders.NEEDED_FILES:
        (copy / name).write_bytes(b"")
    assert folders.find(catalogue.DEFAULT_MODEL, tmp_path) == copy


def test_every_pin_is_a_revision_and_whole_hashes() -> None:
    for model in catalogue.MODELS.values():
        assert len(model.revision) == 40
        assert set(folders.NEEDED_FILES) <= set(model.files)
        assert all(len(digest) == 64 and int(digest, 16) for digest in model.files.values())


def test_the_commands_list_fetch_and_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(catalogue.MODELS, "small.en", MODEL)
    monkeypatch.setenv("SESSIONSCRIBE_MODELS_DIR", str(tmp_path / "models"))
    with serving(Hub()) as url:
        assert run(["models", "fetch", "small.en", "--from", url]) == Exit.OK
    assert run(["models", "list", "--json"]) == Exit.OK
    listed = json.loads(capsys.readouterr().out.partition("\n")[2])
    there = {model["name"]: model["folder"] for model in listed}
    assert there["small.en"] == str(tmp_path / "models" / "small.en")
    assert there["medium.en"] is None
    assert run(["models", "path", "small.en"]) == Exit.OK
    (tmp_path / "models" / "small.en" / "config.json").write_text("{ }")
    assert run(["models", "path", "small.en"]) == Exit.FAILED
    assert "config.json" in capsys.readouterr().err
    assert run(["models", "path", "medium.en"]) == Exit.FAILED
    assert "sessionscribe models fetch medium.en" in capsys.readouterr().err
