"""What a template is, and those that every practice has: SOAP, DAP, BIRP, GIRP, PIE, and the whole."""

from dataclasses import dataclass

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a template: its name and title, what belongs there, and the sources that fill it.

    ``asks`` are items of ``completeness`` that a payer looks for in this part: it says which are missing.
    """

    name: str
    title: str
    instruction: str = ""
    sources: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its name (``soap``), its title, and its parts in order; none: the whole of the notes."""

    name: str
    title: str
    parts: tuple[Part, ...] = ()

    @property
    def open_parts(self) -> tuple[Part, ...]:
        """The parts that name no sources: an engine that writes is asked to fill them as they say."""
        return tuple(part for part in self.parts if not part.sources)


PLAN = Part(
    "plan",
    "Plan",
    "What is to be done until the next session.",
    ("tasks", "appointments", "follow_up"),
    ("plan", "next_appointment"),
)
_INTERVENTION = Part(
    "intervention",
    "Intervention",
    "What the therapist did.",
    ("strategies",),
    ("interventions", "interventions_tied_to_goals"),
)
# A mention of risk is read with what holds the client and what was done about it.
_SAFETY = ("risk", "protective", "safety")
RISK = Part("risk", "Risk", "Every mention of a danger, and what was done.", _SAFETY)
BUILT_IN: dict[str, Template] = {
    template.name: template
    for template in (
        Template(DEFAULT, "Everything that was extracted"),
        Template(
            "soap",
            "SOAP: subjective, objective, assessment, plan",
            (
                Part(
                    "subjective",
                    "Subjective",
                    "What the client said of themselves.",
                    ("summary", "feelings", "triggers", "medication", "quotes"),
                ),
                Part(
                    "objective",
                    "Objective",
                    "What was observed and done.",
                    ("mood", "course", "measures", "strategies"),
                    ("interventions", "response"),
                ),
                Part(
                    "assessment",
                    "Assessment",
                    "Goals, concerns and risk.",
                    ("goals", "concerns", *_SAFETY),
                    ("medical_necessity", "goals"),
                ),
                PLAN,
            ),
        ),
        Template(
            "dap",
            "DAP: data, assessment, plan",
            (
                Part(
                    "data",
                    "Data",
                    "What was said, observed and done.",
                    (
                        "summary",
                        "feelings",
                        "triggers",
                        "medication",
                        "quotes",
                        "mood",
                        "measures",
                        "strategies",
                    ),
                    ("interventions",),
                ),
                Part(
                    "assessment",
                    "Assessment",
                    "Course, concerns, risk.",
                    ("course", "goals", "concerns", *_SAFETY),
                    ("medical_necessity", "goals", "response"),
                ),
                PLAN,
            ),
        ),
        Template(
            "birp",
            "BIRP: behaviour, intervention, response, plan",
            (
                Part(
                    "behaviour",
                    "Behaviour",
                    "What the client presented.",
                    ("summary", "feelings", "triggers", "medication", "concerns", *_SAFETY),
                    ("medical_necessity",),
                ),
                _INTERVENTION,
                Part(
                    "response",
                    "Response",
                    "How the client responded.",
                    ("mood", "course", "measures", "quotes"),
                    ("response",),
                ),
                PLAN,
            ),
        ),
        Template(
            "girp",
            "GIRP: goal, intervention, response, plan",
            (
                Part(
                    "goal",
                    "Goal",
                    "What was worked on.",
                    ("goals", "topics", "concerns"),
                    ("goals", "medical_necessity"),
                ),
                _INTERVENTION,
                Part(
                    "response",
                    "Response",
                    "How the client responded.",
                    ("feelings", "mood", "course", "medication", "quotes", *_SAFETY),
                    ("response",),
                ),
                PLAN,
            ),
        ),
        Template(
            "pie",
            "PIE: problem, intervention, evaluation",
            (
                Part(
                    "problem",
                    "Problem",
                    "What the client came with.",
                    ("summary", "triggers", "medication", "concerns", *_SAFETY),
                    ("medical_necessity",),
                ),
                _INTERVENTION,
                Part(
                    "evaluation",
                    "Evaluation",
                    "How it went, and what follows.",
                    ("mood", "course", "goals", "quotes", "tasks", "appointments", "follow_up"),
                    ("response", "goals", "plan", "next_appointment"),
                ),
            ),
        ),
    )
}
