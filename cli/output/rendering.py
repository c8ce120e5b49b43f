"""Sessions, patients and keys as tables and text for people; nothing in them is interpreted."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.http.client import JsonObject
from cli.output.progress import left_in_words
from cli.output.session_watch import seconds_left_of
from cli.output.tables import block, table
from cli.sanitise import clock, one_line, plain
from shared.domain.status import Status
from shared.domain.transcripts import continuing

STATUS_STYLES = {Status.PROCESSED: "green", Status.FAILED: "red", Status.CANCELLED: "yellow"}
SPEAKER_STYLES = ("cyan", "magenta", "green", "yellow", "blue")


def sessions_table(console: Console, sessions: Iterable[JsonObject], names: Mapping[str, str]) -> None:
    """Summaries of sessions; ``names`` of patients by id."""
    rows = [
        (
            session.get("id"),
            day(session.get("session_date")),
            names.get(str(session.get("patient_id")), session.get("patient_id")),
            status_text(session, with_rest=False),
            clock(session.get("duration_seconds")),
        )
        for session in sessions
    ]
    table(console, ("Session", "Date", "Patient", "Status", "Length"), rows, "No sessions.")


def patients_table(console: Console, patients: Iterable[JsonObject]) -> None:
    """Patients with their consent."""
    rows = [(patient.get("id"), patient.get("name"), consent_of(patient)) for patient in patients]
    table(console, ("Patient", "Name", "Recording consent"), rows, "No patients.")


def keys_table(console: Console, keys: Iterable[JsonObject]) -> None:
    """API keys without their secrets."""
    rows = [
        (
            key.get("id"),
            key.get("label"),
            key.get("prefix"),
            ", ".join(one_line(scope) for scope in key.get("scopes") or ()),
            ", ".join(one_line(network) for network in key.get("networks") or ()) or "anywhere",
            day(key.get("expires_at")) or "never",
            moment(key.get("last_used_at")) or "never",
            "revoked" if key.get("revoked_at") else "valid",
        )
        for key in keys
    ]
    headings = ("Key", "Label", "Prefix", "Scopes", "From", "Expires", "Last used", "State")
    table(console, headings, rows, "No keys.")


def people_table(console: Console, people: Iterable[JsonObject]) -> None:
    """The people of a practice."""
    rows = [
        (
            person.get("id"),
            person.get("name"),
            person.get("role"),
            f"disabled {day(person.get('disabled_at'))}" if person.get("disabled_at") else "active",
        )
        for person in people
    ]
    table(console, ("Therapist", "Name", "Role", "State"), rows, "No people.")


def webhooks_table(console: Console, webhooks: Iterable[JsonObject]) -> None:
    """Webhooks without their secrets, and how they fare."""
    rows = [
        (
            webhook.get("id"),
            webhook.get("label"),
            webhook.get("url"),
            ", ".join(one_line(event) for event in webhook.get("events") or ()),
            _state_of_webhook(webhook),
        )
        for webhook in webhooks
    ]
    table(console, ("Webhook", "Label", "URL", "Events", "State"), rows, "No webhooks.")


def _state_of_webhook(webhook: JsonObject) -> str:
    if webhook.get("paused"):
        return f"paused ({one_line(webhook['paused'])}) {moment(webhook.get('paused_at'))}"
    since = webhook.get("failing_since")
    return f"failing since {moment(since)}" if since else "active"


def deliveries_table(console: Console, deliveries: Iterable[JsonObject]) -> None:
    """Messages to a webhook, each with its last attempt."""
    rows = []
    for delivery in deliveries:
        attempts = [attempt for attempt in delivery.get("attempts") or () if isinstance(attempt, dict)]
        last = attempts[-1] if attempts else {}
        rows.append(
            (
                delivery.get("id"),
                delivery.get("type"),
                moment(delivery.get("created_at")),
                delivery.get("state"),
                len(attempts),
                last.get("http_status") or last.get("error") or "",
                moment(delivery.get("next_attempt_at") or ""),
            )
        )
    headings = ("Delivery", "Type", "Made", "State", "Attempts", "Last answer", "Next attempt")
    table(console, headings, rows, "No deliveries.")


def session_overview(console: Console, session: JsonObject, patient: str) -> None:
    """One session's facts, one a line."""
    facts = [
        ("Session", session.get("id")),
        ("Patient", patient),
        ("Date", moment(session.get("session_date"))),
        ("Recording", session.get("audio_filename")),
        ("Length", clock(session.get("duration_seconds"))),
        ("Status", status_text(session)),
        ("Processed", moment(session.get("processed_at"))),
    ]
    error = session.get("error")
    if isinstance(error, dict):
        facts.append(("Error", f"{plain(error.get('message'))} ({plain(error.get('code'))})"))
    facts += [("Review", line) for line in review_reasons(session)]
    shown = [(name, value if isinstance(value, Text) else Text(one_line(value))) for name, value in facts]
    console.print(block((name, value) for name, value in shown if value.plain))


def review_reasons(session: JsonObject) -> list[Text]:
    """Why a person should look at the transcript, one reason a line."""
    quality = session.get("quality")
    reasons = quality.get("review_reasons") if isinstance(quality, dict) else None
    return [
        Text(one_line(reason.get("detail")), style="yellow")
        for reason in (reasons if isinstance(reasons, list) else ())
        if isinstance(reason, dict)
    ]


def transcript(console: Console, session: JsonObject) -> None:
    """What was said, by whom and when."""
    heading(console, "Transcript")
    segments = [segment for segment in session.get("transcript_segments") or () if isinstance(segment, dict)]
    if not segments:
        console.print(Text("No speech was found." if session.get("processed_at") else "No transcript yet."))
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    styles: dict[str, str] = {}
    seams = _seams(session, segments)
    for number, segment in enumerate(segments):
        if number in seams:
            grid.add_row("", "", Text(continuing.SEAM, style="italic"))
        speaker = one_line(segment.get("speaker"))
        style = styles.setdefault(speaker, SPEAKER_STYLES[len(styles) % len(SPEAKER_STYLES)])
        said = Text(plain(segment.get("text")))
        grid.add_row(clock(segment.get("start")), Text(speaker, style=style), said)
    console.print(grid)


def _seams(session: JsonObject, segments: list[JsonObject]) -> set[int]:
    quality = session.get("quality")
    try:
        return continuing.seams(segments, quality if isinstance(quality, dict) else None)
    except (KeyError, TypeError, AttributeError):  # another release's server
        return set()


def heading(console: Console, text: str) -> None:
    """A line that begins a part."""
    console.print()
    console.print(Text(text, style="bold underline"))


def status_text(session: JsonObject, *, with_rest: bool = True) -> Text:
    """The status in its colour; while work goes on its progress, and ``with_rest`` the time left."""
    status = one_line(session.get("status"))
    style = next((style for known, style in STATUS_STYLES.items() if known == status), "")
    progress = session.get("progress")
    running = status in (Status.TRANSCRIBING, Status.EXTRACTING_NOTES) and isinstance(progress, int | float)
    left = left_in_words(seconds_left_of(session)) if running and with_rest else ""
    return Text(f"{status} {progress:.0f} %{left}" if running else status, style=style)


def consent_of(patient: JsonObject) -> str:
    """The consent in words."""
    consent = patient.get("consent")
    if not isinstance(consent, dict) or not consent.get("given_on"):
        return "none"
    if consent.get("revoked_on"):
        return f"revoked on {day(consent['revoked_on'])}"
    return f"{one_line(consent.get('method'))}, {day(consent['given_on'])}"


def day(value: object) -> str:
    """The day of an RFC 3339 time; empty for none."""
    return one_line(value)[:10]


def moment(value: object) -> str:
    """An RFC 3339 time in this machine's zone, to the minute; as it is where it is none."""
    text = one_line(value)
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text
