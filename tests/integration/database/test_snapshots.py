"""What a test changed is put back: rows, keys, files and counts."""

from redis import Redis
from sqlalchemy import text

from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import left_behind
from tests.integration.sessions import promise
from tests.servers import Office
from tests.snapshots import snapshot_of


def rows(resources: Resources) -> dict[str, list[str]]:
    with everything(resources) as db:
        names = db.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return {name: sorted(db.scalars(text(f"SELECT x::text FROM {name} x"))) for name in sorted(names)}


def test_a_snapshot_puts_back_what_was_removed_and_removes_what_came(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    before, kept = rows(resources), sorted(left_behind(resources))
    assert len(kept) == 2, "a recording and its key"
    with snapshot_of(resources) as snapshot, Redis.from_url(resources.settings.redis_url) as redis:
        for _ in range(2):
            with everything(resources) as db:
                db.execute(text("DELETE FROM steps"))
                db.execute(text("UPDATE sessions SET speakers = 9"))
            resources.vault.keys.destroy(session_id)
            promise(resources, office)
            redis.set("a count", 1)
            assert rows(resources) != before
            snapshot.restore()
            assert rows(resources) == before
            assert sorted(left_behind(resources)) == kept
            assert not redis.keys()
