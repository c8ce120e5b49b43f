"""The lists of the notes, declared once: what each holds, what it claims, and how it is shown.

The check of evidence, templates, exports, the command line, edits and stored notes iterate over
``LISTS``. A new list is a declaration here, its item in ``shared.schemas.notes``, and a finder in
the rules engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NOT_SAID = "not_said"  # the value of a property that was not mentioned


class Form(StrEnum):
    """What kind of claim a text is, which says how much of it must be in the cited words."""

    SENTENCE = "sentence"  # must stand by itself
    REMARK = "remark"  # beside an item: may say nothing of its own
    LABEL = "label"  # one word of it is enough
    TOPIC = "topic"  # as a label, and neither affirms nor denies
    KIND = "kind"  # a class of technique or task: only hard facts are checked


@dataclass(frozen=True, slots=True)
class ListField:
    """A list of items in the notes.

    ``key`` is the property that says what the item is. ``marks`` are its short properties, shown in
    brackets (in templates only those that are ``told``), ``remark`` is a longer one, and
    ``shown_too`` are others in full. ``frame`` is how a template tells the ``key``. ``claims``
    says which properties claim something, and how much of each must be in the item's evidence.
    ``source`` is the list's name in templates, and ``asked_by`` the words in the title or instruction
    of a template's part that ask for it.
    """

    name: str
    title: str
    source: str
    asked_by: str
    key: str = "text"
    marks: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    remark: str = ""
    shown_too: tuple[str, ...] = ()
    frame: str = "{}"
    claims: Mapping[str, Form] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[str, ...]:
        """The properties in the order in which they are read."""
        return tuple(name for name in (self.key, *self.marks, self.remark, *self.shown_too) if name)


LISTS: tuple[ListField, ...] = (
    ListField(
        "key_topics", "Topics", "topics", r"topic|goal|theme|focus", claims={"text": Form.TOPIC}
    ),
    ListField(
        "emotional_themes", "Emotional themes", "feelings", r"feeling|emotion|affect",
        claims={"text": Form.LABEL},
    ),
    ListField(
        "triggers", "Triggers", "triggers", r"trigger|stress|problem",
        key="trigger", marks=("severity",), told=("severity",), remark="context",
        claims={"trigger": Form.REMARK, "context": Form.REMARK},
    ),
    ListField(
        "strategies", "Techniques", "strategies", r"interven|strateg|technique|skill|method",
        key="name", marks=("status", "category"), told=("status",), remark="context",
        claims={"name": Form.TOPIC, "category": Form.KIND, "context": Form.REMARK},
    ),
    ListField(
        "significant_quotes", "Significant quotes", "quotes", r"quot|own words|verbatim",
        key="quote", remark="context", claims={"context": Form.REMARK},
    ),
    ListField(
        "unresolved_concerns", "Unresolved", "concerns", r"concern|problem|assess|open",
        claims={"text": Form.LABEL},
    ),
    ListField(
        "goals", "Goals", "goals", r"goal|objective|progress",
        key="goal", marks=("progress",), remark="details",
        claims={"goal": Form.REMARK, "details": Form.REMARK},
    ),
    ListField(
        "measures", "Measures", "measures", r"measure|score|scale|objective|questionnaire",
        key="name", marks=("score",), told=("score",), remark="details",
        claims={"name": Form.TOPIC, "score": Form.REMARK, "details": Form.REMARK},
    ),
    ListField(
        "medications", "Medication", "medication", r"medic|drug|prescri|subjective",
        key="drug", marks=("dose", "change", "adherence"), told=("dose",),
        shown_too=("side_effect", "effect"),
        claims={
            "drug": Form.TOPIC, "dose": Form.REMARK, "side_effect": Form.REMARK, "effect": Form.REMARK,
        },
    ),
    ListField(
        "action_items", "Tasks", "tasks", r"plan|homework|task|assign|next step",
        key="task", marks=("agreement", "category"), remark="details",
        claims={"task": Form.REMARK, "category": Form.KIND, "details": Form.REMARK},
    ),
    ListField(
        "appointments", "Next appointment", "appointments", r"plan|next|appointment",
        key="when", marks=("agreement",), frame="Next appointment: “{}”",
        claims={"when": Form.REMARK, "details": Form.REMARK},
    ),
    ListField(
        "follow_up_topics", "To follow up", "follow_up", r"plan|follow|next", claims={"text": Form.LABEL}
    ),
    ListField(
        "protective_factors", "Protective factors", "protective", r"protect|strength|risk|safety",
        claims={"text": Form.REMARK},
    ),
    ListField(
        "risk_actions", "Done about risk", "safety", r"safety|risk",
        key="action", marks=("agreement", "kind"), claims={"action": Form.REMARK},
    ),
    # Its words are its quotes; a mention too many is read and put aside.
    ListField(
        "risk_flags", "Risk", "risk", r"risk|safety|danger|suicid|harm", key="type",
        marks=("severity", "temporality", "about"),
    ),
)  # fmt: skip
# Plain texts, and values that a sentence explains: each has its sentences in ``field_evidence``.
TEXT_FIELDS = ("topic_summary", "therapist_notes", "patient_summary")
MOODS = ("session_mood", "mood_trajectory")
SENTENCE_FIELDS = (*TEXT_FIELDS, *MOODS)
LIST_FIELDS = tuple(declared.name for declared in LISTS)
CLAIMS = {declared.name: declared.claims for declared in LISTS}
# These stand only as far as the client accepted them.
AGREED = frozenset({"action_items", "appointments", "risk_actions"})
# Read apart from the others: what a reader is shown first.
READ_IN_ORDER = tuple(declared for declared in LISTS if declared.name != "risk_flags")
