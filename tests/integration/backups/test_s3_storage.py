"""The S3 store against a real server: whole and durable or absent, in bounded memory, few requests."""

import dataclasses
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from shared.domain.errors import NotFound, Unavailable
from shared.services.lifecycle import deletion
from shared.services.resources import Resources
from shared.storage import s3
from shared.storage.objects import ObjectStore
from shared.storage.opening import open_store
from shared.storage.recordings import RECORDING, Recordings
from shared.storage.s3 import MIB, PART_BYTES, S3Store
from shared.vault.frames import FRAME_BYTES, TamperedObject
from shared.vault.sealing import Subject
from tests.integration.sessions import bench_with, promise, row, work
from tests.s3 import BUCKET, access_to, running_s3, store_at
from tests.servers import Office


@pytest.fixture(scope="module")
def s3_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_s3(tmp_path_factory.mktemp("s3") / "s3.log") as url:
        yield url


@pytest.fixture
def store(s3_url: str) -> S3Store:
    """A store of its own: below a prefix that nobody else has."""
    return store_at(s3_url, str(uuid4()))


@pytest.fixture
def requests(store: S3Store) -> list[str]:
    """The operations that the store asks for, as they go out."""
    seen: list[str] = []
    store._client.meta.events.register("before-call.s3", lambda model, **_: seen.append(model.name))
    return seen


def write(store: ObjectStore, name: str, *blocks: bytes) -> None:
    with store.create(name) as take:
        for block in blocks:
            take(block)


def read(store: ObjectStore, name: str) -> bytes:
    with store.open(name) as source:
        return source.read_at(0, source.size)


def pattern(length: int, seed: int = 0) -> bytes:
    return bytes((seed + i // 251 + i) % 256 for i in range(4096)) * (length // 4096 + 1)


@pytest.mark.parametrize("size", [1, 36, MIB // 4, MIB // 4 + 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1])
def test_an_object_is_read_back_at_random(store: S3Store, size: int) -> None:
    content = pattern(size)[:size]
    write(store, "a/b/recording", content[: size // 3], memoryview(content)[size // 3 :])
    with store.open("a/b/recording") as source:
        assert source.size == size
        for offset, length in ((0, 10), (size // 2, 100), (size - 1, 5), (size, 1), (0, size)):
            assert source.read_at(offset, length) == content[offset : offset + length]


def test_a_large_object_goes_out_in_parts_a_part_in_memory_at_a_time(
    store: S3Store, requests: list[str]
) -> None:
    block = pattern(MIB)[:MIB]
    write(store, "warm", b"x")
    requests.clear()
    tracemalloc.start()
    with store.create("a/recording") as take:
        for _ in range(60):
            take(block)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * PART_BYTES, "60 MiB went through"
    assert requests == ["CreateMultipartUpload", *["UploadPart"] * 8, "CompleteMultipartUpload"]
    with store.open("a/recording") as source:
        assert source.size == 60 * MIB
        assert source.read_at(59 * MIB, MIB) == block


@pytest.mark.parametrize("size", [10, PART_BYTES + 10])
def test_an_error_while_writing_leaves_nothing(store: S3Store, requests: list[str], size: int) -> None:
    with pytest.raises(RuntimeError), store.create("a/recording") as take:
        take(bytes(size))
        with pytest.raises(NotFound), store.open("a/recording"):
            pass
        raise RuntimeError
    assert list(store.list()) == []
    assert store.sweep_partials(-1) == 0, "the multipart upload was aborted"
    assert ("AbortMultipartUpload" in requests) == (size > PART_BYTES)


def test_what_a_writer_that_died_left_is_swept_when_it_is_old(store: S3Store) -> None:
    upload = store.create("a/recording")
    upload.__enter__()(bytes(PART_BYTES + 1))  # and its process is gone
    write(store, "a/whole", b"x")

    def begun_now(parsed: dict[str, Any], **_: Any) -> None:  # moto says 2010 of them all
        for upload in parsed.get("Uploads", ()):
            upload["Initiated"] = datetime.now(UTC)

    store._client.meta.events.register("after-call.s3.ListMultipartUploads", begun_now)
    assert store.sweep_partials(3600) == 0
    assert store.sweep_partials(-1) == 1
    assert [found.name for found in store.list()] == ["a/whole"]
    with pytest.raises(Unavailable):
        upload.__exit__(None, None, None)


def test_reading_from_end_to_end_takes_few_requests_and_a_jump_fetches_little(
    store: S3Store, requests: list[str]
) -> None:
    size = 40 * MIB
    write(store, "a/recording", pattern(size)[:size])
    requests.clear()
    with store.open("a/recording") as source:
        for offset in range(0, size, FRAME_BYTES):
            source.read_at(offset, FRAME_BYTES)
    assert len(requests) < 15, f"{size // FRAME_BYTES} frames were read"
    requests.clear()
    fetched: list[int] = []
    store._client.meta.events.register(
        "after-call.s3.GetObject", lambda parsed, **_: fetched.append(parsed["ContentLength"])
    )
    with store.open("a/recording") as source:
        for offset in (30 * MIB, 10 * MIB, 20 * MIB):
            source.read_at(offset, FRAME_BYTES)
    assert len(fetched) == 4
    assert max(fetched) <= MIB // 4


def test_an_object_that_is_replaced_while_it_is_read_is_noticed(store: S3Store) -> None:
    write(store, "a/recording", pattern(MIB, 1)[:MIB])
    with store.open("a/recording") as source:
        source.read_at(0, 10)
        write(store, "a/recording", pattern(MIB, 2)[:MIB])
        with pytest.raises(Unavailable):
            source.read_at(MIB - 10, 10)


def test_what_is_deleted_is_gone_and_deleting_it_again_does_no_harm(store: S3Store) -> None:
    write(store, "a/recording", b"x")
    for _ in range(2):
        store.delete("a/recording")
    with pytest.raises(NotFound) as gone, store.open("a/recording"):
        pass
    assert gone.value.code == "object_gone"


def test_an_object_takes_the_place_of_another(store: S3Store) -> None:
    for name in ("a/b/recording", "a/b/recording.piece-anew"):
        with store.create(name) as write:
            write(name.encode())
    store.move("a/b/recording.piece-anew", "a/b/recording")
    with store.open("a/b/recording") as source:
        assert source.read_at(0, 100) == b"a/b/recording.piece-anew"
    assert [found.name for found in store.list("a/b/")] == ["a/b/recording"]
    with pytest.raises(NotFound):
        store.move("a/b/recording.piece-anew", "a/b/recording")


def test_a_large_object_is_moved_in_parts(
    store: S3Store, requests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = pattern(11 * MIB)[: 11 * MIB]
    write(store, "a/b/recording.piece-anew", content)
    monkeypatch.setattr(s3, "COPIED_AT_ONCE", 5 * MIB)
    requests.clear()
    store.move("a/b/recording.piece-anew", "a/b/recording")
    assert requests.count("UploadPartCopy") == 3
    assert "CopyObject" not in requests
    assert read(store, "a/b/recording") == content
    assert [found.name for found in store.list("a/b/")] == ["a/b/recording"]


def test_a_listing_tells_whole_objects_of_its_prefix_over_several_pages(store: S3Store) -> None:
    for number in range(3):
        write(store, f"p/{number}/recording", bytes(number + 1))
    write(store, "q/recording", b"x")
    store.check()
    paginate = store._client.get_paginator
    store._client.get_paginator = lambda name: _in_pages_of_two(paginate(name))
    found = {item.name: item.size for item in store.list("p/")}
    assert found == {f"p/{number}/recording": number + 1 for number in range(3)}
    assert len(list(store.list())) == 4
    assert all(item.modified_at.tzinfo for item in store.list())


def _in_pages_of_two(paginator: Any) -> Any:
    whole = paginator.paginate
    paginator.paginate = lambda **options: whole(**options, PaginationConfig={"PageSize": 2})
    return paginator


def test_an_absent_server_bucket_or_right_is_unavailable_and_says_so_by_code(s3_url: str) -> None:
    away = open_store(f"s3://{BUCKET}", dataclasses.replace(access_to(s3_url), endpoint="http://127.0.0.1:9"))
    missing = open_store(f"s3://no-{uuid4()}", access_to(s3_url))
    for broken in (away, missing):
        for attempt in (
            broken.check,
            lambda store=broken: write(store, "a", b"x"),
            lambda store=broken: read(store, "a"),
            lambda store=broken: list(store.list()),
            lambda store=broken: store.sweep_partials(0),
        ):
            with pytest.raises(Unavailable) as caught:
                attempt()
            assert caught.value.code == "storage_unavailable"


def test_a_store_of_s3_needs_its_bucket_named_and_its_access(s3_url: str) -> None:
    for url in ("s3:///prefix", "s3://", "gs://bucket"):
        with pytest.raises(ValueError, match="STORAGE_URL"):
            open_store(url, access_to(s3_url))


def on_s3(resources: Resources, store: S3Store) -> Resources:
    return dataclasses.replace(resources, recordings=Recordings(store, resources.vault.keys))


def test_only_ciphertext_reaches_the_bucket_and_a_changed_byte_is_noticed(
    resources: Resources, office: Office, store: S3Store
) -> None:
    there = on_s3(resources, store)
    session = Subject(office.caller.practice_id, uuid4())
    resources.vault.keys.create(session.practice_id, session.id)
    said = b"CANARY what was said " * 20_000
    with there.recordings.create(session, RECORDING) as take:
        take(said)
    (found,) = store.list()
    sealed = read(store, found.name)
    assert b"CANARY" not in sealed
    with there.recordings.open(session, RECORDING) as source:
        assert source.read_at(0, source.size) == said
    write(store, found.name, sealed[:-100] + bytes([sealed[-100] ^ 1]) + sealed[-99:])
    with there.recordings.open(session, RECORDING) as source, pytest.raises(TamperedObject):
        source.read_at(0, source.size)


def test_a_session_is_processed_and_erased_on_s3(
    resources: Resources, office: Office, store: S3Store
) -> None:
    there = on_s3(resources, store)
    session_id = promise(there, office)
    work(bench_with(there), session_id)
    assert row(there, session_id).status == "processed"
    assert [found.name.rpartition("/")[2] for found in store.list()] == [RECORDING]
    assert deletion.delete(there, office.caller, session_id).erased_at is not None
    assert list(store.list()) == []


def test_a_bucket_has_room_and_says_whether_it_keeps_versions(store: S3Store) -> None:
    assert store.free_bytes() > 10**15
    assert store.keeps_versions() is False
    assert store.make_bucket() is False
