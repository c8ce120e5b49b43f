"""Fixed frames around quotations: "You said: “...”" claims no more than that this was said.

The words between the quotation marks are looked up in the evidence like any others; around them
only what stands here may stand without support of its own. ``DENIED`` frames also need a
denial in what they quote.
"""

import re

from shared.domain.verification.boilerplate import RISK_LABELS

QUOTE = "“”"
_LABEL = "(?:" + "|".join(map(re.escape, RISK_LABELS.values())) + ")"
_MOOD = "very low|mostly low|mixed|mostly positive|very positive"
_COURSE = "improving|declining|much the same|going up and down"
_NAME = r"[a-z][a-z ,'-]{1,60}"
# How a mention of risk stands, told beside its quote where no label does (templates).
DENIED = "denied"
_MARK = "(?:in the past|of another person|may be a figure of speech)"
_STANDING = rf"{_MARK}(?:, {_MARK})*: {QUOTE}(?:, {QUOTE})*"
_DENIED = re.compile(
    rf"Risk \({_LABEL}\), mentioned and negated(?: about somebody else)?: {QUOTE}\.?"
    rf"|(?i:{DENIED}(?:, {_MARK})*): {QUOTE}(?:, {QUOTE})*"
)
_QUOTING = re.compile(
    rf"""
    Risk\ \({_LABEL}\)(?:,\ mentioned
        (?:,\ perhaps\ as\ a\ figure\ of\ speech|\ as\ past)?(?:\ about\ somebody\ else)?)?:\ {QUOTE}
    | Risk\ \({_LABEL}\):\ to\ the\ question\ {QUOTE}\ the\ answer\ was\ {QUOTE}
    | The\ words\ of\ mood\ were\ (?:{_MOOD.replace(" ", chr(92) + " ")}):\ {QUOTE}(?:(?:,|\ and)\ {QUOTE})*
    | The\ client\ tells\ of\ things\ (?:{_COURSE.replace(" ", chr(92) + " ")}):\ {QUOTE}
    | From\ start\ to\ end\ the\ words\ of\ mood\ were\ (?:{_COURSE.replace(" ", chr(92) + " ")}):
      \ {QUOTE}(?:,\ later\ {QUOTE})*
    | (?:You\ said|These\ words\ were\ said|And|And\ on\ a\ brighter\ note|Also\ said|Left\ open
      |This\ is\ still\ on\ your\ mind|A\ trigger,\ as\ it\ was\ said|Your\ next\ appointment
      |[Nn]ext\ appointment|[Tt]o\ come\ back\ to|In\ answer\ to):\ {QUOTE}
    | (?:To\ do\ until\ next\ time|For\ the\ time\ until\ you\ meet\ again,\ this\ was\ said):
      \ {QUOTE}(?:(?:,|\ and)\ {QUOTE})*
    | (?:Proposed,\ and\ left\ open|To\ be\ done\ by\ the\ therapist):\ {QUOTE}
    | You\ also\ spoke\ openly\ about\ things\ that\ are\ very\ painful
    | Said\ in\ the\ session
    | (?i:{_STANDING.replace(" ", chr(92) + " ")})
    """,
    re.VERBOSE,
)
# These name topics, feelings or techniques, which must be supported, but neither affirm nor deny.
_LISTING = re.compile(
    rf"""
    (?:The\ session\ turned\ mainly\ on|In\ this\ session\ you\ talked\ about|While\ speaking\ of
      |You\ spoke\ of|There\ was\ talk\ of|You\ looked\ back\ at|You\ and\ your\ therapist\ spoke\ about
      |Together\ you\ practiced|You\ were\ invited\ to\ use)\ {_NAME}
    | (?:Feelings\ named\ were|The\ feeling\ named\ was)\ {_NAME}(?:,\ as\ in\ {QUOTE})?
    | On\ {_NAME}:\ {QUOTE}
    | Technique(?:\ spoken\ of|\ practiced\ in\ the\ session|\ for\ the\ time\ until\ next\ session
      |\ reviewed)\ \({_NAME}\):\ {QUOTE}
    """,
    re.VERBOSE,
)
_BETWEEN = re.compile(r"[“\"][^”\"]*[”\"]")


def only_quotes(text: str) -> bool:
    """Whether ``text`` is one of our frames around what it quotes, and claims nothing else."""
    return _QUOTING.fullmatch(_skeleton(text)) is not None


def quotes_denial(text: str) -> bool:
    """Whether ``text`` is our frame that says of its quotation that it denies."""
    return _DENIED.fullmatch(_skeleton(text)) is not None


def only_lists(text: str) -> bool:
    """Whether ``text`` is one of our frames that names what was spoken of."""
    return _LISTING.fullmatch(_skeleton(text)) is not None


def _skeleton(text: str) -> str:
    return _BETWEEN.sub(QUOTE, text.strip()).rstrip(".")
