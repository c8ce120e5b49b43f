"""Why and to whom something of a record was given: the words for it, and how the audit trail writes them.

The trail and addresses hold words of these lists alone. A name belongs into a recorded disclosure, which is
sealed.
"""

from dataclasses import dataclass

PURPOSES = (
    "patient_request",
    "treatment",
    "payment",
    "operations",
    "legal",
    "public_health",
    "research",
    "other",
)
RECIPIENTS = ("patient", "clinician", "insurer", "court", "authority", "family", "other")
EXPORT = ".export"  # how actions of the trail end that give something out
SENT_TO_ENGINE = "engine.send"
_TO, _FOR = "to=", "for="


@dataclass(frozen=True, slots=True)
class Giving:
    """What was given out: its form or kind, to whom, why; None where it was not said."""

    what: str
    recipient: str | None = None
    purpose: str | None = None

    @property
    def code(self) -> str:
        """As the audit trail writes it: ``pdf;to=insurer;for=payment``."""
        to = f"{_TO}{self.recipient}" if self.recipient else None
        why = f"{_FOR}{self.purpose}" if self.purpose else None
        return ";".join(part for part in (self.what, to, why) if part)


def export_code(form: str, recipient: str | None, purpose: str | None, *, is_file: bool) -> str | None:
    """The code of an export; None where a record is only read: no file, recipient or purpose."""
    return Giving(form, recipient, purpose).code if is_file or recipient or purpose else None


def read_code(code: str | None) -> Giving:
    """What a code of the trail says."""
    what, *rest = (code or "").split(";")
    said = {part[: part.index("=") + 1]: part.partition("=")[2] for part in rest if "=" in part}
    return Giving(what, said.get(_TO), said.get(_FOR))


PREPARED = "prepared"  # the code of what is read into a package; it leaves when the package is fetched


def act_of(area: str, code: str | None) -> str:
    """``notes.export``, or ``notes.read`` where nothing leaves the system."""
    return f"{area}.read" if code in (None, PREPARED) else f"{area}{EXPORT}"
