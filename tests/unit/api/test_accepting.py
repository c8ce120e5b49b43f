"""What becomes of a recording on its way in, step by step, with store, vault and database replaced."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.errors import Conflict, InvalidInput, TooLarge, Unavailable
from shared.domain.values import MediaFacts
from shared.media import recognition
from shared.pipeline import REDACT
from shared.services.access.caller import Caller
from shared.services.uploads import accepting
from shared.services.uploads.accepting import Incoming
from shared.services.uploads.registration import UploadDetails

FACTS = MediaFacts("wav", "pcm_s16le", 1, 16_000, 1.0)
CALLER = Caller(uuid4(), uuid4(), "therapist", frozenset(), uuid4())
CONTENT = bytes(range(256)) * 16
DETAILS = UploadDetails(uuid4(), datetime.now(UTC), "session.wav", "audio/wav")
AWAY = Unavailable("Away.", "database_unavailable", 7)


class Clinic:
    """The resources of an upload, which note what happens to them; ``breaks``: where, and with what."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.breaks: dict[str, BaseException] = {}
        self.promised: bool | None = False
        self.published: list[Any] = []
        self.settings = SimpleNamespace(max_upload_bytes=len(CONTENT))
        self.vault = SimpleNamespace(
            keys=SimpleNamespace(create=lambda *_: self.at("key"), destroy=lambda _: self.at("key destroyed"))
        )
        self.recordings = SimpleNamespace(
            create=self._create, open=self._open, delete=lambda *_: self.at("object deleted")
        )
        self.decoder = SimpleNamespace(probe=lambda _: (self.at("probed"), FACTS)[1])
        self.queue = SimpleNamespace(
            publish=lambda *ids: self.published.append(ids),
            publish_step=lambda *ids: self.published.append(ids),
        )

    def at(self, place: str) -> None:
        self.told.append(place)
        if place in self.breaks:
            raise self.breaks[place]

    @contextmanager
    def _create(self, *_: object) -> Iterator[Callable[[bytes], None]]:
        yield lambda _: None
        self.at("stored")

    @contextmanager
    def _open(self, *_: object) -> Iterator[None]:
        yield

    @contextmanager
    def admit(self) -> Iterator[None]:
        self.at("admitted")
        yield

    def receive(self, details: UploadDetails = DETAILS, caller: Caller = CALLER) -> UUID:
        def feed(write: Callable[[bytes], None]) -> UploadDetails:
            write(CONTENT)
            return details

        return accepting.receive(self, caller, feed, self.admit)  # type: ignore[arg-type]  # a clinic for resources


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    found = Clinic()
    monkeypatch.setattr(accepting, "promise", lambda *_: found.at("promised"))
    monkeypatch.setattr(accepting, "is_promised", lambda *_: (found.at("asked"), found.promised)[1])
    monkeypatch.setattr(accepting.idempotency, "keep_alive", lambda *_: found.at("kept alive"))
    monkeypatch.setattr(recognition, "recognise", lambda *_: found.at("recognised"))
    monkeypatch.setattr(recognition, "check_agreement", lambda *_: found.at("agreed"))
    return found


ORDER = ["key", "recognised", "stored", "probed", "agreed", "admitted", "promised"]
REMOVED = ["object deleted", "key destroyed"]


def test_a_recording_is_stored_and_checked_before_it_is_promised_and_published_after(clinic: Clinic) -> None:
    session_id = clinic.receive()
    assert clinic.told == ORDER
    assert clinic.published == [(session_id,)]


def test_a_request_that_may_be_repeated_is_kept_alive_before_the_promise(clinic: Clinic) -> None:
    clinic.receive(caller=replace(CALLER, ticket=SimpleNamespace()))  # type: ignore[arg-type]  # only that there is one counts
    assert clinic.told == [*ORDER[:5], "kept alive", *ORDER[5:]]


@pytest.mark.parametrize("place", ORDER[1:6])
@pytest.mark.parametrize("error", [AWAY, Conflict("No.", "no_consent"), KeyboardInterrupt()])
def test_what_fails_before_the_promise_leaves_nothing_and_asks_nothing(
    clinic: Clinic, place: str, error: BaseException
) -> None:
    clinic.breaks[place] = error
    with pytest.raises(type(error)) as raised:
        clinic.receive()
    assert raised.value is error
    # What frames the promise may have ended it: from there on the row is looked for.
    asked = ["asked"] if place == "admitted" else []
    assert clinic.told == [*ORDER[: ORDER.index(place) + 1], *asked, *REMOVED]
    assert clinic.published == []


def test_with_the_store_away_the_key_goes_all_the_same_and_the_first_error_is_told(clinic: Clinic) -> None:
    clinic.breaks = {"agreed": Conflict("No.", "first"), "object deleted": Conflict("No.", "second")}
    with pytest.raises(Conflict) as refusal:
        clinic.receive()
    assert refusal.value.code == "first"
    assert clinic.told[-2:] == REMOVED


def test_a_lost_answer_to_a_commit_that_came_through_is_an_accepted_upload(clinic: Clinic) -> None:
    clinic.breaks["promised"], clinic.promised = AWAY, True
    session_id = clinic.receive()
    assert clinic.told == [*ORDER, "asked"]
    assert clinic.published == [(session_id,)]


def test_a_commit_that_did_not_come_through_leaves_nothing(clinic: Clinic) -> None:
    clinic.breaks["promised"], clinic.promised = AWAY, False
    with pytest.raises(Unavailable) as refusal:
        clinic.receive()
    assert refusal.value is AWAY
    assert clinic.told == [*ORDER, "asked", *REMOVED]


def test_where_that_cannot_be_known_the_recording_stays_and_the_caller_is_told(clinic: Clinic) -> None:
    clinic.breaks["promised"], clinic.promised = AWAY, None
    with pytest.raises(Unavailable) as refusal:
        clinic.receive()
    assert (refusal.value.code, refusal.value.retry_after_seconds) == ("outcome_unknown", 7)
    assert clinic.told == [*ORDER, "asked"]
    assert clinic.published == []


@pytest.mark.parametrize("promised", [True, None])
def test_an_end_of_the_process_after_the_promise_removes_nothing(
    clinic: Clinic, promised: bool | None
) -> None:
    clinic.breaks["promised"], clinic.promised = KeyboardInterrupt(), promised
    with pytest.raises(KeyboardInterrupt):
        clinic.receive()
    assert clinic.told == [*ORDER, "asked"]


def test_what_is_off_the_record_is_taken_out_first(clinic: Clinic) -> None:
    session_id = clinic.receive(replace(DETAILS, off_the_record=((1.0, 2.0),)))
    assert clinic.published == [(session_id, REDACT)]


def test_a_recording_that_joins_a_session_is_work_of_that_session(clinic: Clinic) -> None:
    joined = uuid4()
    assert clinic.receive(replace(DETAILS, joins=joined)) == joined
    assert clinic.published == [(joined, REDACT)]


def test_what_arrives_is_hashed_measured_and_passed_on_to_the_last_byte_of_the_limit() -> None:
    written: list[bytes] = []
    incoming = Incoming(lambda data: written.append(bytes(data)), len(CONTENT))
    for begin in range(0, len(CONTENT), 1000):
        incoming.write(CONTENT[begin : begin + 1000])
    assert b"".join(written) == CONTENT
    assert (incoming.size, incoming.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert bytes(incoming.head) == CONTENT[: recognition.HEAD_BYTES]
    with pytest.raises(TooLarge) as refusal:
        incoming.write(b"x")
    assert refusal.value.code == "recording_too_large"
    assert b"".join(written) == CONTENT


def test_no_more_than_its_head_is_kept_of_what_arrives() -> None:
    incoming = Incoming(lambda _: None, 10**9)
    for _ in range(3):
        incoming.write(bytes(recognition.HEAD_BYTES - 1))
    assert len(incoming.head) == recognition.HEAD_BYTES


def test_a_recording_has_a_kibibyte_at_least() -> None:
    accepting.check_size(1024)
    with pytest.raises(InvalidInput) as refusal:
        accepting.check_size(1023)
    assert refusal.value.code == "file_too_small"


@pytest.mark.parametrize(("name", "declared"), [("a.exe", "audio/wav"), ("a.wav", "text/plain")])
def test_a_name_or_a_type_alone_may_forbid_it(name: str, declared: str) -> None:
    accepting.check_claims("a.wav", "audio/wav")
    with pytest.raises(InvalidInput):
        accepting.check_claims(name, declared)
