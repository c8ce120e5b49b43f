"""The session on paper: read from the file that the browser prints."""

import io
import re
from uuid import UUID

from pypdf import PdfReader

from shared.services.alerts import risk_alerts
from shared.services.notes import signing
from shared.services.resources import Resources
from tests.browser import sample
from tests.browser.conftest import Watched
from tests.servers import Office

CONTROLS = (
    "Sign out",
    "Edit notes",
    "Copy",
    "Print",
    "Acknowledge",
    "Correct",
    "Make them again",
    "Keys",
    "▶",
)


def printed(site: Watched, session_id: UUID) -> list[str]:
    """The pages of paper, as text in one line each."""
    file = site.open(f"/sessions/{session_id}").pdf(format="A4")
    pages = PdfReader(io.BytesIO(file)).pages
    return [" ".join(page.extract_text().split()) for page in pages]


def long_session(resources: Resources, office: Office) -> UUID:
    return sample.put(resources, office, sample.transcript(sample.TURNS * 12))


def test_each_page_says_who_when_and_that_it_is_a_draft(
    site: Watched, resources: Resources, office: Office
) -> None:
    pages = printed(site, long_session(resources, office))
    assert len(pages) >= 3
    head = re.compile(r"Pat Ient, session of \d+ \w+ \d{4} · A therapist · Draft, version 1, not signed")
    assert [page for page in pages if not head.search(page)] == []
    last = len(pages)
    assert [page for number, page in enumerate(pages, 1) if f"{number} / {last}" not in page] == []


def test_a_signed_session_says_so_on_each_page(site: Watched, resources: Resources, office: Office) -> None:
    session_id, who = long_session(resources, office), office.caller
    for alert in risk_alerts.page(resources, who, limit=10, open_only=True, session_id=session_id).items:
        risk_alerts.acknowledge(resources, who, alert.id, None)
    signing.sign(resources, who, session_id, version=1)
    pages = printed(site, session_id)
    assert [page for page in pages if "Signed by A therapist on " not in page] == []
    assert "not signed" not in " ".join(pages)


def test_paper_has_the_notes_first_their_evidence_as_numbered_notes_and_no_control(
    site: Watched, session_id: UUID
) -> None:
    whole = " ".join(printed(site, session_id))
    notes, transcript = whole.split(" Transcript ")
    assert [word for word in CONTROLS if word in whole] == []
    assert " Evidence " in notes
    # The file has headings before the text beside them, so that only the numbers tell what belongs together.
    marks = sorted(map(int, re.findall(r"\[(\d+)\]", notes)))
    assert marks == list(range(1, len(marks) + 1))
    assert sorted(map(int, re.findall(r"(?<!\S)(\d+)\. [“\"]", notes))) == marks
    assert re.search(r"worry journal every day this week\.[”\"] Speaker 1, 0:20", notes)
    assert "Sometimes I want to kill myself." in transcript
