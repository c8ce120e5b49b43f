"""The privacy report: records of processing and inputs for an impact assessment, from settings and tables.

It states what this server is set to do and what it holds. It judges no law.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from shared.db.connection import clock
from shared.db.queries import practice_engines, webhooks
from shared.db.queries.people import providers
from shared.db.queries.privacy import audit_chain
from shared.db.queries.work import processing
from shared.db.tables.engines import PracticeEngines
from shared.db.tables.webhooks import WebhookEndpoint
from shared.domain.disclosures import EXPORT, SENT_TO_ENGINE
from shared.domain.webhooks import URL
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.settings import Settings
from shared.vault.sealing import Subject

_YEAR = timedelta(days=365)
_PURPOSE = "Transcripts and clinical notes of therapy sessions, for the therapist's record."
# What is kept, of whom, and what protects it: the same for every practice.
_SPEAKERS, _OPEN = "patients and all who speak", "in the clear in the database, behind row-level security"
CATEGORIES = (
    ("recordings", _SPEAKERS, "sealed under a key per session"),
    ("transcripts, notes, psychotherapy notes", _SPEAKERS, "sealed under the session's key"),
    ("names of patients, file names", "patients", "sealed under the patient's or the session's key"),
    ("consent: when, how, until when", "patients", _OPEN),
    ("dates, lengths and states of sessions", "patients", _OPEN),
    ("names, roles and sign-ins", "people of the practice", "names in the clear, passphrases hashed"),
    ("the audit trail: ids, actions, addresses", "people of the practice", "append-only, chained"),
)


def make(resources: Resources, caller: Caller) -> dict[str, Any]:
    """The report of the caller's practice; that it was made is a line of the trail."""
    settings = resources.settings
    with resources.database.transaction(caller.practice_id) as db:
        practice = processing.practice(db, caller.practice_id)
        held = processing.held(db, caller.practice_id)
        given_out: dict[str, int] = {}
        for like in (f"%{EXPORT}", SENT_TO_ENGINE):
            given_out |= processing.actions(db, caller.practice_id, like, _YEAR)
        chosen = practice_engines.of_practice(db, caller.practice_id)
        endpoints = list(webhooks.listed(db, caller.practice_id))
        batch = audit_chain.latest(db, [caller.practice_id]).get(caller.practice_id)
        provider_only = providers.is_required(db, caller.practice_id)
        now = clock.now(db)
        ownership.audit(db, caller, "privacy.report", None)
    with resources.database.operating() as db:
        reconciled_at = processing.reconciled_at(db)
    report = {
        "made_at": now.isoformat(),
        "practice": practice.name if practice else "",
        "purpose": _PURPOSE,
        "categories": [dict(zip(("what", "of_whom", "protection"), one, strict=True)) for one in CATEGORIES],
        "held": held,
        "engines": _engines(settings, chosen),
        "webhooks": [_webhook(resources, row) for row in endpoints],
        "given_out_in_a_year": given_out,
        "storage": _storage(settings),
        "sign_in": {
            "idle_minutes": practice.idle_minutes if practice else None,
            "provider": _host(settings.oidc_issuer),
            "provider_only": provider_only,
        },
        "audit_trail": {
            "chained_upto": batch.sealed_at.isoformat() if batch else None,
            "is_anchored": settings.audit_anchors_dir is not None,
        },
        "reconciled_at": reconciled_at,
    }
    return report | {"look_at": _look_at(report)}


def _engines(settings: Settings, chosen: PracticeEngines | None) -> dict[str, Any]:
    away_since = chosen.away_allowed_at if chosen else None
    names = {*settings.offered_transcribers, settings.extractor}
    return {
        "transcriber": (chosen.transcriber if chosen else None) or settings.transcriber,
        "notes": settings.extractor,
        "offered": list(settings.offered_transcribers),
        "elsewhere": sorted(name for name in names if settings.sends_away(name)),
        "server": _host(settings.openai_base_url) or "api.openai.com",
        "in_house": settings.openai_in_house,
        "deidentified": settings.deidentify and settings.sends_away(settings.extractor),
        "may_leave_since": away_since.isoformat() if away_since else None,
    }


def _webhook(resources: Resources, row: WebhookEndpoint) -> dict[str, Any]:
    """Its host alone: the path may hold a token of the receiver's."""
    url = resources.vault.open(Subject(row.practice_id, row.id), URL, row.url)
    return {"host": _host(url), "events": sorted(row.events), "gets": "ids alone"}


def _storage(settings: Settings) -> dict[str, Any]:
    is_bucket = settings.storage_url.startswith("s3:")
    return {
        "recordings": "S3 bucket" if is_bucket else "folder",
        "server": (_host(settings.s3_endpoint) or "amazonaws.com") if is_bucket else None,
        "region": settings.s3_region if is_bucket else None,
        "direct_uploads": settings.direct_uploads,
    }


def _host(url: str | None) -> str | None:
    return urlsplit(url).hostname if url else None


def _look_at(report: dict[str, Any]) -> list[str]:
    """What an assessment of impact should ask about."""
    held, engines = report["held"], report["engines"]
    leaves = engines["elsewhere"] and engines["may_leave_since"]
    found = [
        (leaves, f"Recordings or transcripts may leave to {engines['server']}: is there a contract?"),
        (
            leaves and engines["notes"] in engines["elsewhere"] and not engines["deidentified"],
            "Transcripts leave with all names in them: SESSIONSCRIBE_DEIDENTIFY replaces what it finds.",
        ),
        (held["patients_without_consent"], "Some patients have no consent on file, or withdrew it."),
        (held["api_keys_without_expiry"], "Some API keys never expire."),
        (held["api_keys_not_used_for_90_days"], "Some API keys were not used for 90 days: revoke them."),
        (not report["audit_trail"]["is_anchored"], "The audit trail is not anchored outside the database."),
        (report["audit_trail"]["chained_upto"] is None, "No line of the audit trail is chained yet."),
        (report["webhooks"], "Webhooks tell other systems that there are sessions, by ids alone."),
        (report["storage"]["direct_uploads"] != "no", "Direct uploads lie unsealed until they are taken."),
        (held["administrators"] < 2, "There are fewer than two administrators."),
    ]
    return [words for condition, words in found if condition]
