"""The audit trail's chain: every kind of change by the owner of the tables is found, and nothing else is."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session as DbSession

from cli.app import run
from cli.exits import Exit
from shared.db.queries.privacy import audit, audit_chain
from shared.db.tables.webhooks import WebhookDelivery
from shared.domain.webhooks import USUAL, EventType
from shared.services.audit_trail import anchors, chaining, checkpoints, verification
from shared.services.audit_trail.anchors import Anchorage
from shared.services.audit_trail.verification import Kind, Verdict
from shared.services.resources import Resources
from shared.services.webhooks import messages
from shared.settings import load
from shared.vault import identity
from shared.vault.keystore import KeyStoreError
from tests.database import everything
from tests.integration.pipeline.test_outbox import subscribe
from tests.servers import Office, make_office
from tests.waiting import wait_for
from workers import dispatcher

LINES = 6


def write(resources: Resources, practice_id: UUID, count: int = 1, action: str = "notes.read") -> None:
    for number in range(count):
        with resources.database.transaction(practice_id) as db:
            audit.record(db, practice_id=practice_id, actor="worker:a", action=action, part=number)


def chain(resources: Resources) -> int:
    return chaining.chain_new(resources.database, identity.chain_key(resources.vault.keys.folder, make=True))


def verdict(resources: Resources, practice_id: UUID, folder: Path | None = None) -> Verdict:
    known = anchors.read(folder) if folder else ()
    secret = identity.chain_key(resources.vault.keys.folder)
    return next(verification.verify(resources.database, secret, known, practice_id))


@pytest.fixture
def practice_id(resources: Resources, office: Office) -> UUID:
    """With two batches of lines."""
    for _ in range(2):
        write(resources, office.caller.practice_id, LINES // 2)
        chain(resources)
    return office.caller.practice_id


def tamper(resources: Resources, *statements: str, **values: object) -> None:
    """As the owner of the tables: past row-level security and the append-only triggers."""
    with everything(resources) as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            db.execute(text(statement), values)


def ids(resources: Resources, practice_id: UUID) -> list[int]:
    query = text("SELECT id FROM audit_events WHERE practice_id = :practice ORDER BY id")
    with everything(resources) as db:
        return list(db.scalars(query, {"practice": practice_id}))


def test_an_untouched_trail_verifies(resources: Resources, practice_id: UUID) -> None:
    write(resources, practice_id)
    found = verdict(resources, practice_id)
    assert (found.lines, found.batches, found.waiting, found.breaks) == (LINES, 2, 1, [])


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'therapist:x'",
        "action = 'session.read'",
        "at = at + interval '1 second'",
        "code = 'pdf'",
        "address = '10.0.0.1'",
        "key_id = gen_random_uuid()",
        "subject_id = gen_random_uuid()",
        "request_id = 'another'",
        "step = 'persist'",
        "part = 99",
        "attempt = 2",
    ],
)
def test_a_changed_line_is_named(resources: Resources, practice_id: UUID, change: str) -> None:
    changed = ids(resources, practice_id)[1]
    tamper(resources, f"UPDATE audit_events SET {change} WHERE id = :id", id=changed)
    first = verdict(resources, practice_id).breaks[0]
    assert (first.kind, first.event_id) == (Kind.CHANGED, changed)


def test_a_removed_line_is_named(resources: Resources, practice_id: UUID) -> None:
    removed = ids(resources, practice_id)[2]
    tamper(resources, "DELETE FROM audit_events WHERE id = :id", id=removed)
    (found,) = verdict(resources, practice_id).breaks
    assert (found.kind, found.event_id) == (Kind.REMOVED, removed)


def test_a_line_that_was_given_to_another_practice_is_missed(resources: Resources, practice_id: UUID) -> None:
    other = make_office(resources).caller.practice_id
    moved = ids(resources, practice_id)[0]
    tamper(resources, "UPDATE audit_events SET practice_id = :other WHERE id = :id", other=other, id=moved)
    assert verdict(resources, practice_id).breaks[0].event_id == moved


def test_an_inserted_line_is_named(
    resources: Resources, practice_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "SETTLED", timedelta(0))
    for _ in range(2):
        write(resources, practice_id)
        chain(resources)
    tamper(
        resources,
        "INSERT INTO audit_events (id, practice_id, actor, action) VALUES (0, :practice, 'worker:b', 'x')",
        practice=practice_id,
    )
    chain(resources)  # the dispatcher does not adopt it
    (found,) = verdict(resources, practice_id).breaks
    assert (found.kind, found.event_id) == (Kind.INSERTED, 0)


def test_exchanged_lines_are_named(resources: Resources, practice_id: UUID) -> None:
    one, other = ids(resources, practice_id)[:2]
    tamper(
        resources,
        "UPDATE audit_events SET id = -1 WHERE id = :one",
        "UPDATE audit_events SET id = :one WHERE id = :other",
        "UPDATE audit_events SET id = :other WHERE id = -1",
        one=one,
        other=other,
    )
    found = verdict(resources, practice_id).breaks
    assert [(item.kind, item.event_id) for item in found] == [(Kind.REORDERED, one), (Kind.REORDERED, other)]


def test_exchanged_batches_are_found(resources: Resources, practice_id: UUID) -> None:
    tamper(
        resources,
        "UPDATE audit_batches SET number = number + 10",
        "UPDATE audit_batches SET number = 13 - number",
    )
    kinds = {found.kind for found in verdict(resources, practice_id).breaks}
    assert kinds == {Kind.BATCH_CHANGED}


def test_a_line_that_was_removed_with_its_code_is_found(resources: Resources, practice_id: UUID) -> None:
    """Who knows the tables takes the line out of its batch too, but cannot make the head anew."""
    removed = ids(resources, practice_id)[0]
    tamper(
        resources,
        "DELETE FROM audit_events WHERE id = :id",
        "UPDATE audit_batches SET event_ids = event_ids[2:], codes = substr(codes, 17) WHERE number = 1",
        id=removed,
    )
    (found,) = verdict(resources, practice_id).breaks
    assert (found.kind, found.batch) == (Kind.BATCH_CHANGED, 1)


def test_a_removed_batch_is_found(resources: Resources, practice_id: UUID) -> None:
    tamper(
        resources,
        "DELETE FROM audit_events WHERE id IN (SELECT unnest(event_ids) FROM audit_batches WHERE number = 1)",
        "DELETE FROM audit_batches WHERE number = 1",
    )
    (found,) = verdict(resources, practice_id).breaks
    assert (found.kind, found.batch) == (Kind.BATCH_REMOVED, 1)


CUT = (
    "DELETE FROM audit_events WHERE id IN (SELECT unnest(event_ids) FROM audit_batches WHERE number = 2)",
    "DELETE FROM audit_batches WHERE number = 2",
)


def test_an_end_that_was_cut_off_shows_against_the_anchor(
    resources: Resources, practice_id: UUID, tmp_path: Path
) -> None:
    Anchorage(tmp_path).write_new(resources.database)
    assert not verdict(resources, practice_id, tmp_path).breaks
    tamper(resources, *CUT)
    assert not verdict(resources, practice_id).breaks  # the database alone cannot tell
    (found,) = verdict(resources, practice_id, tmp_path).breaks
    assert (found.kind, found.batch) == (Kind.CUT_OFF, 2)


def test_an_older_database_that_went_on_shows_against_the_anchor(
    resources: Resources, practice_id: UUID, tmp_path: Path
) -> None:
    Anchorage(tmp_path).write_new(resources.database)
    tamper(resources, *CUT)  # as a dump from before the second batch
    write(resources, practice_id, 2)
    chain(resources)
    assert not verdict(resources, practice_id).breaks
    (found,) = verdict(resources, practice_id, tmp_path).breaks
    assert (found.kind, found.batch) == (Kind.OTHER_HISTORY, 2)


def test_a_practice_whose_whole_trail_is_gone_shows_against_the_anchor(
    resources: Resources, practice_id: UUID, tmp_path: Path
) -> None:
    Anchorage(tmp_path).write_new(resources.database)
    tamper(resources, "DELETE FROM audit_events", "DELETE FROM audit_batches")
    secret = identity.chain_key(resources.vault.keys.folder)
    (found,) = verification.verify(resources.database, secret, anchors.read(tmp_path))
    assert (found.practice_id, found.breaks[0].kind) == (practice_id, Kind.CUT_OFF)


def test_lines_that_wait_too_long_are_told(resources: Resources, practice_id: UUID) -> None:
    tamper(
        resources,
        "INSERT INTO audit_events (practice_id, actor, action, at)"
        " VALUES (:practice, 'worker:b', 'x', now() - interval '1 hour')",
        practice=practice_id,
    )
    (found,) = verdict(resources, practice_id).breaks
    assert found.kind == Kind.NOT_CHAINED


def test_a_line_that_commits_late_is_chained_all_the_same(resources: Resources, office: Office) -> None:
    mine = office.caller.practice_id
    with everything(resources) as late:
        number = _insert(late, mine)
        write(resources, mine, 2)
        assert chain(resources) == 2
    assert number < min(set(ids(resources, mine)) - {number})
    assert chain(resources) == 1
    found = verdict(resources, mine)
    assert (found.lines, found.batches, found.breaks) == (3, 2, [])


def test_a_line_that_commits_after_any_time_is_chained_all_the_same(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a commit that waits for a standby that is away: what is open still holds the end back."""
    mine = office.caller.practice_id
    monkeypatch.setattr(audit_chain, "SETTLED", timedelta(0))
    with everything(resources) as late:
        _insert(late, mine)
        for _ in range(2):
            write(resources, mine)
            chain(resources)
    assert chain(resources) == 1
    assert not verdict(resources, mine).breaks


def _insert(db: DbSession, practice_id: UUID) -> int:
    return int(
        db.execute(
            text(
                "INSERT INTO audit_events (practice_id, actor, action) VALUES (:practice, 'a', 'late')"
                " RETURNING id"
            ),
            {"practice": practice_id},
        ).scalar_one()
    )


def test_nothing_is_chained_twice(
    resources: Resources, practice_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chain(resources) == 0
    monkeypatch.setattr(audit_chain, "SETTLED", timedelta(0))
    assert chain(resources) == 0
    write(resources, practice_id)
    assert chain(resources) == 1


def test_of_two_dispatchers_one_chains(resources: Resources, office: Office) -> None:
    write(resources, office.caller.practice_id)
    with resources.database.operating() as db:
        assert audit_chain.only_one(db)
        assert chain(resources) == 0
    assert chain(resources) == 1


def test_lines_of_no_practice_have_a_chain_of_their_own(resources: Resources) -> None:
    with resources.database.operating() as db:
        audit.record(db, practice_id=None, actor="unknown", action="refused.notes", code="key_unknown")
    chain(resources)
    tamper(resources, "UPDATE audit_events SET code = 'key_expired'")
    (found,) = verdict(resources, audit_chain.NO_PRACTICE).breaks
    assert found.kind == Kind.CHANGED


def test_each_practice_has_its_own_key(resources: Resources, practice_id: UUID) -> None:
    other = make_office(resources).caller.practice_id
    tamper(
        resources,
        "UPDATE audit_batches SET practice_id = :other",
        "UPDATE audit_events SET practice_id = :other",
        other=other,
    )
    assert verdict(resources, other).breaks


def test_an_anchor_is_added_only_for_what_is_new(
    resources: Resources, practice_id: UUID, tmp_path: Path
) -> None:
    anchorage = Anchorage(tmp_path / "anchors")
    assert [anchorage.write_new(resources.database) for _ in range(2)] == [1, 0]
    write(resources, practice_id)
    chain(resources)
    assert anchorage.write_new(resources.database) == 1
    assert [anchor.number for anchor in anchors.read(tmp_path / "anchors")] == [2, 3]


def test_a_disk_that_is_away_is_tried_again(resources: Resources, practice_id: UUID, tmp_path: Path) -> None:
    away = tmp_path / "disk"
    away.write_text("no folder")
    anchorage = Anchorage(away / "anchors")
    assert anchorage.write_new(resources.database) == 0
    away.unlink()
    assert anchorage.write_new(resources.database) == 1


def _half(line: str) -> str:
    return line[: len(line) // 2]


@pytest.mark.parametrize(
    ("change", "is_fine"),
    [(lambda said: said + _half(said), True), (lambda said: _half(said) + "\n", False)],
    ids=["cut off while it was written", "changed"],
)
def test_an_anchor_file_that_was_changed_is_told(
    resources: Resources, practice_id: UUID, tmp_path: Path, change: Callable[[str], str], is_fine: bool
) -> None:
    folder = tmp_path / "anchors"
    Anchorage(folder).write_new(resources.database)
    (path,) = folder.iterdir()
    assert json.loads(path.read_text())["practice_id"] == str(practice_id)
    path.write_text(change(path.read_text()))
    if is_fine:
        assert len(list(anchors.read(folder))) == 1
    else:
        with pytest.raises(ValueError, match="line 1 of"):
            list(anchors.read(folder))


def test_the_dispatcher_chains_and_anchors(
    resources: Resources, office: Office, environment: dict[str, str], tmp_path: Path
) -> None:
    write(resources, office.caller.practice_id, LINES)
    folder = tmp_path / "anchors"
    settings = load(environment | {"SESSIONSCRIBE_AUDIT_ANCHORS_DIR": str(folder)})
    stop = threading.Event()
    thread = threading.Thread(target=dispatcher.run, args=(settings, stop))
    thread.start()
    try:
        wait_for(lambda: folder.exists() and any(folder.iterdir()))
    finally:
        stop.set()
        thread.join()
        for other in threading.enumerate():  # or it writes its log into what the next test reads
            if other.name == "reconciling":
                other.join()
    found = verdict(resources, office.caller.practice_id, folder)
    assert (found.lines, found.anchors, found.breaks) == (LINES, 1, [])


def test_the_command_names_the_first_broken_line(
    resources: Resources,
    practice_id: UUID,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    Anchorage(tmp_path / "anchors").write_new(resources.database)
    words = ["audit", "verify", "--json", "--anchors", str(tmp_path / "anchors")]
    assert run(words) == Exit.OK
    (whole,) = json.loads(capsys.readouterr().out)
    assert (whole["practice_id"], whole["lines"], whole["anchors"]) == (str(practice_id), LINES, 1)
    changed = ids(resources, practice_id)[1]
    tamper(resources, "UPDATE audit_events SET code = 'x' WHERE id = :id", id=changed)
    assert run(words) == Exit.FAILED
    (broken,) = json.loads(capsys.readouterr().out)
    assert broken["breaks"] == [{"kind": "changed", "batch": 1, "event_id": changed}]
    assert run(["audit", "verify"]) == Exit.FAILED
    shown = capsys.readouterr()
    assert f"Line {changed} was changed" in " ".join(shown.out.split())
    assert "Without anchors" in shown.err


def test_a_lost_key_of_the_chains_is_not_replaced(resources: Resources, office: Office) -> None:
    folder = resources.vault.keys.folder
    (folder / identity.CHAIN).unlink(missing_ok=True)
    secret = chaining.secret_of(resources.database, folder)
    assert chaining.secret_of(resources.database, folder) == secret, "made before there is a chain"
    write(resources, office.caller.practice_id)
    chain(resources)
    (folder / identity.CHAIN).unlink()
    dispatcher._chain(resources.database, resources.vault.keys)  # and it stops nothing else
    with pytest.raises(KeyStoreError, match=identity.CHAIN):
        chaining.secret_of(resources.database, folder)
    assert not (folder / identity.CHAIN).exists()


def test_a_key_store_without_the_chains_key_verifies_nothing(
    resources: Resources,
    practice_id: UUID,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (resources.settings.keys_dir / "audit.key").unlink()
    assert run(["audit", "verify"]) == Exit.FAILED
    assert "audit.key" in capsys.readouterr().err


def checkpoints_of(resources: Resources, practice_id: UUID) -> list[WebhookDelivery]:
    with resources.database.transaction(practice_id) as db:
        query = select(WebhookDelivery).where(WebhookDelivery.type == EventType.AUDIT_CHECKPOINT)
        return list(db.scalars(query.order_by(WebhookDelivery.created_at)))


def test_a_webhook_gets_the_head_of_its_own_practice_if_it_asked_for_it(
    resources: Resources, office: Office, practice_id: UUID
) -> None:
    other = make_office(resources)
    subscribe(resources, other, USUAL)
    assert checkpoints.publish_due(resources.database) == 0
    subscribe(resources, office, frozenset({EventType.AUDIT_CHECKPOINT}))
    checkpoints.publish_due(resources.database)
    (one,) = checkpoints_of(resources, practice_id)
    with everything(resources) as db:
        latest = audit_chain.latest(db, [practice_id])[practice_id]
    assert one.facts["head"] == latest.head.hex()
    assert (one.facts["number"], one.facts["lines"]) == (latest.number, len(ids(resources, practice_id)))
    assert set(one.facts) == {"practice_id", "number", "lines", "last_id", "sealed_at", "head"}
    assert one.session_id is None
    assert checkpoints_of(resources, other.caller.practice_id) == []


def test_a_checkpoint_comes_once_in_its_time_and_only_if_the_chain_has_grown(
    resources: Resources, office: Office, practice_id: UUID
) -> None:
    subscribe(resources, office, frozenset({EventType.AUDIT_CHECKPOINT}))
    counts = []
    for grown, later in ((False, False), (True, False), (False, True), (False, True)):
        if grown:
            write(resources, practice_id)
            chain(resources)
        if later:
            tamper(resources, "UPDATE webhook_deliveries SET created_at = created_at - interval '10 minutes'")
        checkpoints.publish_due(resources.database)
        counts.append(len(checkpoints_of(resources, practice_id)))
    assert counts == [1, 1, 2, 2]


def test_what_a_receiver_kept_of_checkpoints_shows_a_cut_end(
    resources: Resources, office: Office, practice_id: UUID, tmp_path: Path
) -> None:
    subscribe(resources, office, frozenset({EventType.AUDIT_CHECKPOINT}))
    checkpoints.publish_due(resources.database)
    kept = b"".join(messages.body_of(one) + b"\n" for one in checkpoints_of(resources, practice_id))
    (tmp_path / "audit-received.ndjson").write_bytes(kept)
    assert verdict(resources, practice_id, tmp_path).breaks == []
    tamper(
        resources,
        "DELETE FROM audit_batches WHERE practice_id = :practice AND number = 2",
        practice=practice_id,
    )
    assert Kind.CUT_OFF in [one.kind for one in verdict(resources, practice_id, tmp_path).breaks]
