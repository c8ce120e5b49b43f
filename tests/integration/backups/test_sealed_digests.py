"""The hash of a recording is in no column in plain; old ones are sealed by the dispatcher."""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from shared.db.tables.core import TherapySession
from shared.services.operations import backups
from shared.services.resources import Resources
from shared.services.sessions import digests
from shared.vault.keystore import KeyStore
from tests.database import everything
from tests.integration.api_client import app_of, caller_of, tone
from tests.integration.sessions import row
from tests.servers import Office


def test_no_column_of_the_database_holds_the_hash_of_a_recording(
    resources: Resources, office: Office
) -> None:
    call, content = caller_of(app_of(resources), resources, office), tone(1.0)
    document = call.upload(office.patient_id, content).json
    expected = hashlib.sha256(content).hexdigest()
    assert call("GET", f"/api/sessions/{document['id']}").json["audio_sha256"] == expected
    assert call("GET", "/api/sessions/").json[0]["audio_sha256"] == expected
    with everything(resources) as db:
        tables = db.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        for table in tables:
            rows = db.scalars(text(f"SELECT t::text FROM {table} AS t")).all()
            assert not [one for one in rows if expected in one], table


def test_hashes_of_older_releases_are_sealed_and_read_on(resources: Resources, office: Office) -> None:
    call, content = caller_of(app_of(resources), resources, office), tone(1.0)
    session_id = call.upload(office.patient_id, content).json["id"]
    expected = hashlib.sha256(content).hexdigest()
    with everything(resources) as db:
        old = "UPDATE sessions SET audio_sha256 = :hash, audio_digest = NULL"
        db.execute(text(old), {"hash": expected})
    before = call("GET", f"/api/sessions/{session_id}").json
    assert before["audio_sha256"] == expected
    assert digests.seal_plain_ones(resources.database, resources.vault) == 1
    assert digests.seal_plain_ones(resources.database, resources.vault) == 0
    assert call("GET", f"/api/sessions/{session_id}").json == before
    assert call("GET", f"/api/sessions/{session_id}/audio").headers["ETag"] == f'"{expected}"'
    sealed = row(resources, session_id)
    assert (sealed.audio_sha256, sealed.audio_digest is not None) == ("", True)


def test_the_hash_of_a_session_without_a_key_goes(resources: Resources, office: Office) -> None:
    call = caller_of(app_of(resources), resources, office)
    session_id = call.upload(office.patient_id, tone(1.0)).json["id"]
    with everything(resources) as db:
        db.execute(text("UPDATE sessions SET audio_sha256 = 'abc', audio_digest = NULL"))
    resources.vault.keys.destroy(row(resources, session_id).id)
    assert digests.seal_plain_ones(resources.database, resources.vault) == 1
    with everything(resources) as db:
        assert db.query(TherapySession).one().audio_sha256 == ""
    assert call("GET", "/api/sessions/").json[0]["audio_sha256"] is None


def test_a_key_is_overwritten_before_it_is_removed(tmp_path: Path) -> None:
    """Seen by a second name of the same file."""
    keys, subject = KeyStore.initialise(tmp_path / "keys"), uuid4()
    keys.create(uuid4(), subject)
    (path,) = (tmp_path / "keys").rglob(f"{subject}.key")
    backups.copy_keys(tmp_path / "keys", tmp_path / "copy")
    copy = tmp_path / "copy" / path.relative_to(tmp_path / "keys")
    content, names = path.read_bytes(), [tmp_path / "seen", tmp_path / "seen in the copy"]
    os.link(path, names[0])
    os.link(copy, names[1])
    keys.destroy(subject)
    keys.destroy(subject)
    backups.copy_keys(tmp_path / "keys", tmp_path / "copy")
    for name in names:
        assert len(name.read_bytes()) == len(content)
        assert name.read_bytes()[-16:] != content[-16:]
    assert not path.exists()
    assert not copy.exists()
