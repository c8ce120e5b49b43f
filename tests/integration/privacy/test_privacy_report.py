"""The privacy report tells what is set and held, and what to ask about."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from shared.domain.webhooks import USUAL
from shared.services.audit_trail import chaining, privacy_report
from shared.services.engines import practice_engines
from shared.services.resources import Resources
from shared.services.webhooks import endpoints
from tests.database import everything
from tests.integration.api_client import app_of, caller_of
from tests.integration.notes_calls import processed
from tests.integration.privacy.test_audit_reading import auditor_of
from tests.integration.server import running_api
from tests.servers import Office


def test_it_counts_what_is_held_and_given_out(resources: Resources, office: Office) -> None:
    session_id = processed(resources, office)
    call = caller_of(app_of(resources), resources, office)
    assert call("GET", f"/api/sessions/{session_id}/notes?format=pdf").status_code == 200
    report = auditor_of(app_of(resources), resources, office.caller.practice_id)(
        "GET", "/api/practice/privacy-report"
    ).json
    assert report["practice"] == "A practice"
    assert (report["held"]["patients"], report["held"]["sessions"], report["held"]["recordings"]) == (1, 1, 1)
    assert report["given_out_in_a_year"] == {"notes.export": 1}
    assert report["engines"]["elsewhere"] == []
    assert "Ient" not in str(report)
    assert call("GET", "/api/practice/privacy-report").status_code == 403


def test_what_is_open_is_named_and_what_is_closed_is_not(
    resources: Resources, office: Office, tmp_path: Path
) -> None:
    named = " ".join(privacy_report.make(resources, office.caller)["look_at"])
    for words in ("not anchored", "No line of the audit trail", "fewer than two administrators"):
        assert words in named
    for words in ("may leave", "never expire", "no consent", "Webhooks"):
        assert words not in named
    with everything(resources) as db:
        db.execute(text("UPDATE patients SET consent_revoked_at = now()"))
    url = "https://hook.example/secret-path"
    endpoints.create(resources, office.caller, url, USUAL)
    chaining.chain_new(resources.database, b"a secret")
    settings = replace(
        resources.settings,
        also_offered=("openai",),
        openai_base_url="https://speech.example/v1",
        audit_anchors_dir=tmp_path,
    )
    open_to_others = replace(resources, settings=settings)
    practice_engines.change(open_to_others, office.caller, {"away_allowed": True})
    report = privacy_report.make(open_to_others, office.caller)
    named = " ".join(report["look_at"])
    for words in ("may leave to speech.example", "no consent", "Webhooks"):
        assert words in named
    assert "chor" not in named
    assert report["webhooks"][0]["host"] == "hook.example"
    assert "secret-path" not in str(report)


def test_the_command_shows_it(
    environment: dict[str, str],
    resources: Resources,
    office: Office,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    auditor = auditor_of(app_of(resources), resources, office.caller.practice_id)
    assert auditor.key is not None
    with running_api(environment, tmp_path / "api.log") as url:
        assert run(["--url", url, "--key", auditor.key, "privacy", "report"]) == Exit.OK
    shown = capsys.readouterr().out
    assert "Look at: The audit trail is not anchored" in shown
