"""The recorder for three hours, at many times real time: nothing is left behind, and memory stays flat.

The microphone, the encryption, the browser's database and the calls of the server are real. The browser's
encoder is replaced by one that gives pieces of the usual size a hundred times as often, and the page's clock
goes as fast.
"""

import re
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from sqlalchemy import text

from shared.services.resources import Resources
from tests.browser.conftest import LAUNCH
from tests.browser.test_speed import told
from tests.database import everything
from tests.servers import Office
from tests.waiting import wait_for

pytestmark = pytest.mark.long

SPEED, HOURS, PIECE_SECONDS, PIECE_BYTES = 100, 3, 2, 12_000  # as at 48 kbit/s
PIECES = HOURS * 3600 // PIECE_SECONDS
MOST_HEAP_MIB, MOST_PROCESS_MIB = 8, 64
FASTER = f"""
const [now, begun] = [Date.now(), performance.now()];
Date.now = () => now + (performance.now() - begun) * {SPEED};
window.pieces = 0;
window.MediaRecorder = class extends EventTarget {{
  static isTypeSupported() {{ return true; }}
  state = "inactive";
  start(every) {{
    this.state = "recording";
    const from = Date.now();
    this.timer = setInterval(() => {{
      while (from + pieces * every < Date.now()) {{
        const data = new Blob([crypto.getRandomValues(new Uint8Array({PIECE_BYTES}))]);
        pieces += 1;
        this.ondataavailable({{ data }});
      }}
    }}, 10);
  }}
  requestData() {{}}
  stop() {{ clearInterval(this.timer); this.state = "inactive"; this.dispatchEvent(new Event("stop")); }}
}};
"""


def test_three_hours_are_recorded_in_memory_that_stays_flat(
    chromium: Browser,
    context: BrowserContext,
    address: str,
    office: Office,
    resources: Resources,
    tmp_path: Path,
) -> None:
    # A profile on disk: one without keeps its database in memory.
    opened = chromium.browser_type.launch_persistent_context(str(tmp_path / "profile"), **LAUNCH)
    opened.add_cookies(context.cookies())  # type: ignore[arg-type]  # what it gives, it takes
    opened.add_init_script(FASTER)
    page = opened.new_page()
    page.goto(f"{address}/patients/{office.patient_id}/record")
    page.get_by_label("The patient knows that I record now").check()
    page.get_by_role("button", name="Record").click()
    session = opened.new_cdp_session(page)
    renderer = renderer_of(tmp_path)
    seen = []
    for hour in (0.5, 1, 2, 3):
        wait_for(lambda: page.evaluate("pieces") >= hour * PIECES / HOURS, 300)  # noqa: B023 - asked within
        seen.append(memory(session, renderer))
        told(f"after {hour} h", heap_mib=seen[-1][0], renderer_mib=seen[-1][1], on_server=arrived(resources))
    wait_for(lambda: arrived(resources, page) >= PIECES * PIECE_BYTES, 60)
    expect(page.get_by_text("On the server up to")).to_have_text(re.compile(r"[3-9]:\d\d:\d\d"))
    # Within three hours without an act the page was locked, and went on behind the lock.
    expect(page.get_by_text("Locked. What runs here goes on.")).to_be_visible()
    (heap, process), (heap_after, process_after) = seen[0], seen[-1]
    assert heap_after - heap < MOST_HEAP_MIB
    assert process_after - process < MOST_PROCESS_MIB
    opened.close()


def memory(session: CDPSession, renderer: psutil.Process) -> tuple[float, float]:
    """MiB of objects in the page, after a garbage collection, and of its process."""
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    used = next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")
    return used / 2**20, renderer.memory_info().rss / 2**20


def renderer_of(profile: Path) -> psutil.Process:
    """The process of the page in this profile: of its renderers, the largest."""
    browsers = [one for one in psutil.process_iter(["cmdline"]) if str(profile) in str(one.info["cmdline"])]
    family = {child for one in browsers for child in one.children(recursive=True)}
    pages = [one for one in family if "--type=renderer" in one.cmdline()]
    return max(pages, key=lambda one: one.memory_info().rss)


def arrived(resources: Resources, page: Page | None = None) -> int:
    """How many bytes the server has of the recording; asked, the page goes on."""
    if page is not None:
        page.evaluate("true")
    with everything(resources) as db:
        sizes = db.scalar(text("SELECT segments FROM uploads")) or []
    return sum(sizes)
