"""What a template is, and those that every practice has: SOAP, DAP, BIRP, GIRP, PIE, and the whole."""

from dataclasses import dataclass

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a template: its name and title, what belongs there, and the sources that fill it."""

    name: str
    title: str
    instruction: str = ""
    sources: tuple[str, ...] = ()


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


PLAN = Part("plan", "Plan", "What is to be done until the next session.", ("tasks", "follow_up"))
_INTERVENTION = Part("intervention", "Intervention", "What the therapist did.", ("strategies",))
RISK = Part("risk", "Risk", "Every mention of a danger.", ("risk",))
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
                    ("summary", "feelings", "triggers", "quotes"),
                ),
                Part(
                    "objective", "Objective", "What was observed and done.", ("mood", "course", "strategies")
                ),
                Part("assessment", "Assessment", "Concerns and risk.", ("concerns", "risk")),
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
                    ("summary", "feelings", "triggers", "quotes", "mood", "strategies"),
                ),
                Part("assessment", "Assessment", "Course, concerns, risk.", ("course", "concerns", "risk")),
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
                    ("summary", "feelings", "triggers", "concerns", "risk"),
                ),
                _INTERVENTION,
                Part("response", "Response", "How the client responded.", ("mood", "course", "quotes")),
                PLAN,
            ),
        ),
        Template(
            "girp",
            "GIRP: goal, intervention, response, plan",
            (
                Part("goal", "Goal", "What was worked on.", ("topics", "concerns")),
                _INTERVENTION,
                Part(
                    "response",
                    "Response",
                    "How the client responded.",
                    ("feelings", "mood", "course", "quotes", "risk"),
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
                    ("summary", "triggers", "concerns", "risk"),
                ),
                _INTERVENTION,
                Part(
                    "evaluation",
                    "Evaluation",
                    "How it went, and what follows.",
                    ("mood", "course", "quotes", "tasks", "follow_up"),
                ),
            ),
        ),
    )
}
