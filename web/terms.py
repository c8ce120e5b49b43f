"""Words of the domain that pages show in the reader's language; their catalogue entries come from here.

What the record itself says is not among them: transcripts, notes, names, and what is given to patients.
"""

from shared.domain.consent import METHODS, ConsentEvent
from shared.domain.disclosures import PURPOSES, RECIPIENTS
from shared.domain.notes.fields import LISTS, READ_IN_ORDER
from shared.domain.notes.record import Standing
from shared.domain.notes.templates import SOURCES
from shared.domain.rights import RequestStatus
from shared.domain.transcripts import continuing
from shared.domain.transcripts.roles import Role
from shared.domain.verification.boilerplate import RISK_LABELS
from shared.domain.verification.risk import SEVERITIES
from shared.domain.webhooks import DeliveryState
from shared.services.accounts.accounts import ADMINISTRATOR, THERAPIST
from shared.services.sign_in import trail

_CHANGES = ("added", "removed", "changed")
# What the difference of two versions names, beside the lists.
_FIELDS = (
    "topic_summary",
    "therapist_notes",
    "patient_summary",
    "session_mood",
    "mood_trajectory",
    "risk_statement",
    "engine",
    "template",
    "sections",
)
# What pages that refuse something are titled with: phrases of HTTP, two of which newer Pythons have changed.
_TITLES = (
    "Bad Request",
    "Unauthorized",
    "Forbidden",
    "Not Found",
    "Method Not Allowed",
    "Request Timeout",
    "Conflict",
    "Gone",
    "Request Entity Too Large",
    "Content Too Large",
    "Unsupported Media Type",
    "Unprocessable Entity",
    "Unprocessable Content",
    "Too Many Requests",
    "Internal Server Error",
    "Service Unavailable",
)

TERMS: tuple[str, ...] = (
    *(
        word.replace("_", " ")
        for word in (
            *METHODS,
            *ConsentEvent,
            *PURPOSES,
            *RECIPIENTS,
            *Standing,
            *SOURCES,
            *RequestStatus,
            *Role,
            *SEVERITIES,
            *DeliveryState,
            *_CHANGES,
            *_FIELDS,
            *(declared.name for declared in LISTS),
            ADMINISTRATOR,
            THERAPIST,
        )
    ),
    *(declared.title for declared in READ_IN_ORDER),
    *RISK_LABELS.values(),
    *trail.WORDS.values(),
    continuing.SEAM,
    *_TITLES,
)
