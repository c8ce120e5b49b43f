"""The recording over HTTP: whole, in part, gone, damaged."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.services.resources import Resources
from shared.vault.frames import FRAME_BYTES, HEADER_BYTES, TAG_BYTES, TamperedObject
from tests.database import everything
from tests.integration.api_client import Caller, tone
from tests.integration.sessions import bench_with, work
from tests.servers import Office

RECORDING = tone(seconds=20.0)  # 640 kB: ten frames, three blocks


@pytest.fixture
def path(call: Caller, office: Office) -> str:
    url = call.upload(office.patient_id, RECORDING, name="Jane Doe.wav").json["audio_url"]
    assert isinstance(url, str)
    return url


def stored(resources: Resources) -> Path:
    folder = Path(urlsplit(resources.settings.storage_url).path)
    return next(folder.rglob("recording"))


def test_the_recording_comes_back_as_it_was_sent(call: Caller, path: str) -> None:
    answer = call("GET", path)
    session_id = path.split("/")[3]
    assert (answer.status_code, answer.data == RECORDING) == (200, True)
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Content-Length"] == str(len(RECORDING))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="recording-{session_id}.wav"'
    assert "Jane" not in str(answer.headers)
    assert (
        answer.headers["ETag"].strip('"') == call("GET", f"/api/sessions/{session_id}").json["audio_sha256"]
    )


def test_a_head_tells_the_same_without_the_bytes(call: Caller, path: str) -> None:
    head, get = call("HEAD", path, headers={"Range": "bytes=0-1"}), call("GET", path)
    assert (head.status_code, head.data) == (200, b"")
    unlike = {"X-Request-Id", "Date"}
    assert {k: v for k, v in head.headers if k not in unlike} == {
        k: v for k, v in get.headers if k not in unlike
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, len(RECORDING) - 1), length=st.integers(1, 300_000))
def test_any_range_is_that_part(call: Caller, path: str, first: int, length: int) -> None:
    answer = call("GET", path, headers={"Range": f"bytes={first}-{first + length - 1}"})
    last = min(first + length, len(RECORDING)) - 1
    assert answer.status_code == 206
    assert answer.data == RECORDING[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(RECORDING)}"
    assert answer.headers["Content-Length"] == str(last + 1 - first)


def test_open_ranges_and_several_ranges(call: Caller, path: str) -> None:
    assert call("GET", path, headers={"Range": "bytes=-7"}).data == RECORDING[-7:]
    assert call("GET", path, headers={"Range": "bytes=600000-"}).data == RECORDING[600000:]
    several = call("GET", path, headers={"Range": "bytes=0-1,5-6"})
    assert (several.status_code, len(several.data)) == (200, len(RECORDING))


@pytest.mark.parametrize("wanted", [f"bytes={len(RECORDING)}-", "bytes=-0"])
def test_a_range_beyond_the_end_is_a_416(call: Caller, path: str, wanted: str) -> None:
    answer = call("GET", path, headers={"Range": wanted})
    assert (answer.status_code, answer.json["code"]) == (416, "range_not_satisfiable")
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Content-Range"] == f"bytes */{len(RECORDING)}"


def test_a_range_of_another_recording_gives_the_whole(call: Caller, path: str) -> None:
    etag = call("HEAD", path).headers["ETag"]
    for if_range, status in (
        (etag, 206),
        ('"other"', 200),
        (f"W/{etag}", 200),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 200),
    ):
        answer = call("GET", path, headers={"Range": "bytes=0-9", "If-Range": if_range})
        assert answer.status_code == status, if_range
    same = call("GET", path, headers={"If-None-Match": etag, "Range": "bytes=999999999-"})
    assert (same.status_code, same.data) == (304, b"")


def test_after_retention_it_is_gone(call: Caller, path: str, resources: Resources) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET audio_removed_at = now()"))
    answer = call("GET", path)
    assert (answer.status_code, answer.json["code"]) == (410, "audio_removed")
    assert call("GET", path.removesuffix("/audio")).json["audio_url"] is None


def spoil_first(raw: bytearray) -> None:
    raw[HEADER_BYTES + 100] ^= 1


def cut_at_a_frame(raw: bytearray) -> None:
    del raw[HEADER_BYTES + 3 * (FRAME_BYTES + TAG_BYTES) :]


def swap_frames(raw: bytearray) -> None:
    size = FRAME_BYTES + TAG_BYTES
    one = raw[HEADER_BYTES : HEADER_BYTES + size]
    raw[HEADER_BYTES : HEADER_BYTES + size] = raw[HEADER_BYTES + size : HEADER_BYTES + 2 * size]
    raw[HEADER_BYTES + size : HEADER_BYTES + 2 * size] = one


@pytest.mark.parametrize("spoil", [spoil_first, cut_at_a_frame, swap_frames, bytearray.clear])
def test_a_damaged_recording_is_told_as_lost_without_a_byte_of_it(
    call: Caller, path: str, resources: Resources, spoil: object
) -> None:
    raw = bytearray(stored(resources).read_bytes())
    spoil(raw)  # type: ignore[operator]
    stored(resources).write_bytes(raw)
    answer = call("GET", path)
    assert (answer.status_code, answer.json["code"]) == (410, "audio_lost")


def test_damage_farther_on_breaks_the_answer_off_before_it(
    call: Caller, path: str, resources: Resources
) -> None:
    raw = bytearray(stored(resources).read_bytes())
    raw[HEADER_BYTES + 6 * (FRAME_BYTES + TAG_BYTES)] ^= 1
    stored(resources).write_bytes(raw)
    answer = call("GET", path, buffered=False)
    came = bytearray()
    with pytest.raises(TamperedObject):
        for block in answer.iter_encoded():
            came += block
    assert RECORDING.startswith(came)
    assert len(came) < int(answer.headers["Content-Length"])
    answer.close()


@pytest.mark.parametrize("what", ["object", "folder of the practice", "key", "bytes of the key"])
def test_a_recording_or_a_key_that_is_lost_has_a_code_of_its_own(
    call: Caller, path: str, resources: Resources, what: str
) -> None:
    session_id = path.split("/")[3]
    (key,) = resources.settings.keys_dir.rglob(f"{session_id}.key")
    if what == "object":
        stored(resources).unlink()
    elif what == "folder of the practice":
        shutil.rmtree(stored(resources).parents[1])
    elif what == "key":
        key.unlink()
    else:
        key.write_bytes(key.read_bytes()[:-1] + b"x")
    answer = call("GET", path)
    assert (answer.status_code, answer.json["code"]) == (410, "audio_lost")
    assert "backup" in answer.json["detail"]
    assert call("GET", f"/api/sessions/{session_id}/status").status_code != 500


def test_the_type_is_what_the_recording_is(call: Caller, path: str, resources: Resources) -> None:
    for family, media_type, extension in (("mp4", "audio/mp4", "m4a"), ("mpeg", "video/mpeg", "mpeg")):
        with everything(resources) as db:
            db.execute(text("UPDATE sessions SET audio_family = :family"), {"family": family})
        answer = call("HEAD", path)
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Content-Disposition"].endswith(f'.{extension}"')


def test_the_waveform_comes_in_as_few_points_as_are_wanted(
    call: Caller, path: str, resources: Resources
) -> None:
    session = path.removesuffix("/audio")
    early = call("GET", f"{session}/waveform")
    assert (early.status_code, early.json["code"]) == (404, "no_waveform_yet")
    work(bench_with(resources), UUID(session.rpartition("/")[2]))
    whole, few = call("GET", f"{session}/waveform").json, call("GET", f"{session}/waveform?points=10").json
    assert (whole["version"], whole["bits"], whole["channels"]) == (2, 8, 1)
    assert 10 < whole["length"] <= 1000
    assert few["length"] <= 10
    for answer in (whole, few):
        assert len(answer["data"]) == 2 * answer["length"]
    assert call("GET", f"{session}/waveform?points=4001").status_code == 422


def test_nothing_stays_open_after_an_answer(call: Caller, path: str) -> None:
    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=5-"})):
        call(method, path, headers=headers).close()
    call("GET", path, buffered=False).close()
    assert not [link for link in open_files() if link.endswith("/recording")]


def open_files() -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:
            continue
    return found
