"""An upload is a promise or nothing, whenever the API, Redis, Postgres or the disk fail it."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from redis import Redis

from shared.storage.opening import open_store
from shared.vault.frames import FRAME_BYTES
from tests.faults import engines
from tests.faults.breaking import black_hole, full_disk, storage_away
from tests.faults.clinic import Clinic
from tests.faults.looking import count_sessions, make_due
from tests.faults.machine import Machine
from tests.faults.marks import late
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("expect_all_well")


def send_until_answered(clinic: Clinic, key: str) -> httpx2.Response:
    """The answer of an API that is coming back."""
    answers: list[httpx2.Response] = []

    def answered() -> bool:
        try:
            answers.append(clinic.send(key=key))
        except httpx2.TransportError:
            return False
        return answers[-1].status_code not in (409, 503)

    wait_for(answered, 60)
    return answers[-1]


def test_an_api_that_dies_between_promise_and_message_has_promised(clinic: Clinic, machine: Machine) -> None:
    before, key = count_sessions(machine), uuid4().hex
    machine.orders.arm("promised", "exit")
    with pytest.raises(httpx2.TransportError):
        clinic.send(key=key)
    machine.orders.wait_until_taken("promised")
    first = UUID(send_until_answered(clinic, key).json()["id"])
    assert UUID(send_until_answered(clinic, key).json()["id"]) == first
    assert count_sessions(machine) == before + 1
    clinic.wait_until_processed(first)


@pytest.mark.long
def test_an_api_that_dies_before_its_promise_has_promised_nothing(clinic: Clinic, machine: Machine) -> None:
    before = count_sessions(machine)
    machine.orders.arm("promising", "kill")
    with pytest.raises(httpx2.TransportError):
        clinic.send()
    assert count_sessions(machine) == before
    clinic.wait_until_processed(UUID(send_until_answered(clinic, uuid4().hex).json()["id"]))


BOUNDARY = "a-boundary"


def head_and_body(clinic: Clinic, chunks: int) -> tuple[bytes, bytes]:
    """An upload as it goes over the wire."""
    part = 'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav'
    opening = f"--{BOUNDARY}\r\n{part}\r\n\r\n".encode()
    body = opening + engines.recording(chunks) + f"\r\n--{BOUNDARY}--\r\n".encode()
    head = [
        f"POST /api/sessions/upload?patient_id={clinic.patient_id} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {clinic.machine.therapist_key}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode(), body


def partials(machine: Machine) -> set[Path]:
    """The files that somebody is writing just now."""
    return set(machine.recordings.rglob(".partial-*"))


def sizes(paths: set[Path]) -> Iterator[int]:
    for path in paths:
        with suppress(FileNotFoundError):  # renamed since it was listed
            yield path.stat().st_size


@contextmanager
def half_an_upload(clinic: Clinic, chunks: int = 8) -> Iterator[Callable[[], bytes]]:
    """A connection over which half a recording has come; gives what sends the rest and reads the answer."""
    head, body = head_and_body(clinic, chunks)
    others = partials(clinic.machine)  # of a worker that decodes what came before
    with socket.create_connection(("127.0.0.1", clinic.machine.web_port), timeout=60) as connection:
        connection.sendall(head + body[: len(body) // 2])
        # Fields are checked in Postgres before the first sound is written: wait until that is done.
        wait_for(lambda: any(size > FRAME_BYTES for size in sizes(partials(clinic.machine) - others)))

        def finish() -> bytes:
            connection.sendall(body[len(body) // 2 :])
            answer = b""
            while data := connection.recv(1 << 16):
                answer += data
            return answer

        yield finish


def test_an_api_that_dies_in_the_middle_of_an_upload_leaves_nothing_accepted(
    clinic: Clinic, machine: Machine
) -> None:
    before = count_sessions(machine)
    with half_an_upload(clinic):
        for child in machine.keeper["web"].children():
            child.kill()
    machine.wait_until_up()
    assert count_sessions(machine) == before
    assert open_store(machine.settings.storage_url).sweep_partials(0) >= 1
    assert not partials(machine)


def test_postgres_restarted_in_the_middle_of_an_upload_costs_no_accepted_recording(
    clinic: Clinic, machine: Machine
) -> None:
    before = count_sessions(machine)
    with half_an_upload(clinic) as finish:
        machine.keeper.restart("postgres", signal.SIGQUIT)
        wait_for(machine.postgres.is_ready, 30)
        answer = finish()
    assert answer.startswith(b"HTTP/1.1 202 "), answer
    assert count_sessions(machine) == before + 1


def test_postgres_gone_at_the_end_of_an_upload_is_told_and_nothing_is_half_saved(
    clinic: Clinic, machine: Machine
) -> None:
    before = count_sessions(machine)
    with half_an_upload(clinic) as finish:
        machine.keeper.hold_down("postgres", signal.SIGQUIT)
        answer = finish()
    machine.calm_down()
    assert b" 503 " in answer.split(b"\r\n")[0]
    assert count_sessions(machine) == before
    clinic.wait_until_processed(clinic.upload())


@contextmanager
def refused(machine: Machine) -> Iterator[None]:
    machine.keeper.hold_down("redis")
    yield


@contextmanager
def frozen(machine: Machine) -> Iterator[None]:
    machine.keeper["redis"].send(signal.SIGSTOP)
    yield


@contextmanager
def dropped(machine: Machine) -> Iterator[None]:
    machine.keeper.hold_down("redis")
    with black_hole(int(machine.redis.url.rpartition(":")[2].partition("/")[0])):
        yield


@contextmanager
def full(machine: Machine) -> Iterator[None]:
    with Redis.from_url(machine.redis.admin_url) as redis:
        redis.config_set("maxmemory", 1)
        yield
        redis.config_set("maxmemory", 0)


@pytest.mark.parametrize("away", [refused, *late(frozen, dropped, full)])
def test_an_upload_is_accepted_soon_however_redis_is_away(
    clinic: Clinic, machine: Machine, away: Callable[[Machine], AbstractContextManager[None]]
) -> None:
    with away(machine):
        clinic.http.timeout = 15  # publishing gives up after some four seconds
        session_id = clinic.upload()
    machine.calm_down()
    clinic.wait_until_processed(session_id)


def test_a_disk_that_is_full_before_or_during_an_upload_refuses_it_and_keeps_nothing(
    clinic: Clinic, small_disk: Machine
) -> None:
    before = count_sessions(small_disk)
    for left in (0, 100_000):
        with full_disk(small_disk, left):
            answer = clinic.send(chunks=10)
            assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
            assert int(answer.headers["Retry-After"]) > 0
    assert count_sessions(small_disk) == before
    assert not partials(small_disk)
    clinic.wait_until_processed(clinic.upload(chunks=10))


def test_a_full_disk_puts_off_the_work_until_there_is_room(clinic: Clinic, small_disk: Machine) -> None:
    small_disk.orders.arm("claimed.transcribe", "hold")
    session_id = clinic.upload(chunks=10)
    small_disk.orders.wait_until_taken("claimed.transcribe")
    with full_disk(small_disk, 4096):
        small_disk.orders.release("claimed.transcribe")
        clinic.wait_until_postponed(session_id, "disk_full")
    make_due(small_disk, session_id)  # else it is tried again after a minute, as the error says
    clinic.wait_until_processed(session_id)


@pytest.mark.parametrize("empty", [False, True], ids=["failing", "not mounted"])
def test_storage_that_is_away_refuses_uploads_and_puts_off_the_work(
    clinic: Clinic, machine: Machine, empty: bool
) -> None:
    machine.orders.arm("claimed.transcribe", "hold")
    session_id = clinic.upload()
    machine.orders.wait_until_taken("claimed.transcribe")
    with storage_away(machine, empty=empty):
        if not empty:
            assert clinic.send().status_code == 503
        machine.orders.release("claimed.transcribe")
        clinic.wait_until_postponed(session_id, "storage_unavailable")
    clinic.wait_until_processed(session_id)
