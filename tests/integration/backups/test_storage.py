"""The local store: objects are whole and durable, or absent."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.domain.errors import NotFound, Unavailable
from shared.storage.local_store import LocalStore
from shared.storage.opening import open_store


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "objects")


def files(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_object_is_read_back_at_random(store: LocalStore) -> None:
    with store.create("a/b/recording") as write:
        write(b"0123")
        write(b"456789")
    with store.open("a/b/recording") as source:
        assert source.size == 10
        assert source.read_at(3, 4) == b"3456"


def test_an_error_while_writing_leaves_nothing(store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), store.create("a/b/recording") as write:
        write(b"half")
        raise RuntimeError
    assert not files(tmp_path)


def test_nothing_is_there_before_the_end(store: LocalStore) -> None:
    with store.create("a/b/recording") as write:
        write(b"half")
        with pytest.raises(NotFound), store.open("a/b/recording"):
            pass


def test_objects_are_closed_to_others(store: LocalStore, tmp_path: Path) -> None:
    with store.create("a/b/recording") as write:
        write(b"x")
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "objects").rglob("*")} == {0}


def test_a_link_in_the_store_is_not_followed(store: LocalStore, tmp_path: Path) -> None:
    with store.create("a/b/recording") as write:
        write(b"x")
    (tmp_path / "objects" / "a" / "b" / "link").symlink_to("/etc/passwd")
    with pytest.raises(Unavailable), store.open("a/b/link"):
        pass


def test_a_deleted_object_is_gone_with_its_folder(store: LocalStore, tmp_path: Path) -> None:
    with store.create("a/b/recording") as write:
        write(b"x")
    store.delete("a/b/recording")
    store.delete("a/b/recording")
    assert not (tmp_path / "objects" / "a" / "b").exists()


def test_an_object_takes_the_place_of_another_and_pieces_are_swept(store: LocalStore) -> None:
    for name in ("a/b/recording", "a/b/recording.piece-anew", "a/b/recording.piece-old"):
        with store.create(name) as write:
            write(name.encode())
    store.move("a/b/recording.piece-anew", "a/b/recording")
    with store.open("a/b/recording") as source:
        assert source.read_at(0, 100) == b"a/b/recording.piece-anew"
    with pytest.raises(NotFound):
        store.move("a/b/recording.piece-anew", "a/b/recording")
    store.discard_pieces("a/b/recording")
    assert [found.name for found in store.list()] == ["a/b/recording"]


def test_a_listing_tells_whole_objects_below_a_prefix(store: LocalStore, tmp_path: Path) -> None:
    for name in ("a/b/recording", "a/c/speech", "d/e/recording"):
        with store.create(name) as write:
            write(name.encode())
    (tmp_path / "objects" / "a" / "b" / ".partial-x").touch()
    (tmp_path / "objects" / "a" / "link").symlink_to("/etc/passwd")
    found = {item.name: item for item in store.list("a/")}
    assert found.keys() == {"a/b/recording", "a/c/speech"}
    assert found["a/b/recording"].size == len("a/b/recording")
    assert abs(found["a/b/recording"].modified_at.timestamp() - time.time()) < 60
    assert {item.name for item in store.list()} == {*found, "d/e/recording"}


def test_a_store_without_a_folder_lists_nothing(store: LocalStore) -> None:
    assert not list(store.list())


def test_a_store_that_cannot_be_read_does_not_look_empty(tmp_path: Path) -> None:
    (tmp_path / "objects").write_bytes(b"not a folder")
    with pytest.raises(Unavailable):
        list(LocalStore(tmp_path / "objects").list())


def test_what_a_dead_writer_left_is_swept_after_a_while(store: LocalStore, tmp_path: Path) -> None:
    folder = tmp_path / "objects" / "a"
    folder.mkdir(parents=True)
    old, new = folder / ".partial-old", folder / ".partial-new"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    assert store.sweep_partials(older_than_seconds=3600) == 1
    assert new.exists()


@pytest.mark.parametrize("url", ["s3://bucket", "file://host/folder", "file:relative", "/folder"])
def test_an_unknown_store_is_refused_with_the_form_that_is_known(url: str) -> None:
    with pytest.raises(ValueError, match="file:///absolute/folder"):
        open_store(url)


def test_a_full_disk_is_told_as_one_and_leaves_nothing(tmp_path: Path) -> None:
    """In a process of its own: the limit on file sizes, in place of a small disk, is for good."""
    program = f"""
import resource, signal, sys
from pathlib import Path
from shared.domain.errors import Unavailable
from shared.storage.local_store import LocalStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
try:
    with LocalStore(Path({str(tmp_path / "objects")!r})).create("a/recording") as write:
        for _ in range(100):
            write(bytes(100_000))
except Unavailable:
    sys.exit(7)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7
    assert not files(tmp_path)


def test_a_store_without_the_practices_folder_is_away_and_has_lost_nothing(store: LocalStore) -> None:
    with store.create("practice/one/recording") as write:
        write(b"a recording")
    with pytest.raises(NotFound), store.open("practice/another/recording"):
        pass
    with pytest.raises(Unavailable) as caught, store.open("practice-of-an-unmounted-disk/one/recording"):
        pass
    assert caught.value.code == "storage_unavailable"
