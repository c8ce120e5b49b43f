"""The offline note extractor: rules and lexicons, the same notes for the same transcript every time."""

from importlib import metadata

from shared.domain.notes.fields import SENTENCE_FIELDS
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.domain.verification import boilerplate
from workers.engines.rules import feelings, findings, plans, topics
from workers.engines.rules.composing import Findings, Line, mood_lines, topic_summary
from workers.engines.rules.items import appointments, medication, record, tasks
from workers.engines.rules.reading import Reading, read
from workers.engines.rules.risk_flags import flags_from
from workers.engines.rules.therapist_notes import therapist_notes


def provenance(name: str) -> JsonObject:
    """What made the draft: no model, no prompt, nothing spent."""
    return {
        "engine": name, "engine_version": metadata.version("sessionscribe"), "model": None,
        "prompt_version": None, "prompt_sha256": None, "parts": 1, "calls": 0, "input_tokens": None,
        "output_tokens": None, "cost_usd": None,
    }  # fmt: skip


class RulesExtractor:
    """Notes by rules, without a model or a network (port ``NoteExtractor``)."""

    @property
    def name(self) -> str:
        """Engine and version, as stored with the notes."""
        return "rules-1"

    def extract(self, transcript: Transcript, request: ExtractionRequest) -> JsonObject:
        """A document of ``NotesSchema``, its evidence not yet verified.

        Deterministic. An empty transcript gives notes that say that no speech was found; nothing
        said in a transcript is ever followed as an instruction. The template changes nothing but
        the name it is stored under: the rules write one form.
        """
        reading = read(transcript)
        found = _findings(reading)
        mood, course = mood_lines(found)
        texts = {
            "topic_summary": topic_summary(found),
            "therapist_notes": therapist_notes(found),
            "patient_summary": [],  # written on request: shared.domain.notes.client_summary
        }
        lines = {**texts, "session_mood": mood, "mood_trajectory": course}
        notes = Notes(
            items=found.items,
            sentences={name: tuple(line.sentence for line in lines[name]) for name in SENTENCE_FIELDS},
            texts={
                **{name: _joined(written) for name, written in texts.items()},
                "session_mood": found.mood.value,
                "mood_trajectory": found.course.value,
            },
            rest={
                "completeness": None,
                "provenance": provenance(self.name),
                "draft": True,
                "engine": self.name,
                "template": request.template,
            },
        ).with_reasons(())
        return notes.having(risk_statement=boilerplate.risk_statement(notes, transcript)).document


def _findings(reading: Reading) -> Findings:
    felt = feelings.all_feelings(reading)
    themes = feelings.themes_in(felt)
    about = topics.topics_in(reading)
    found = Findings(
        reading, about, themes, feelings.mood_of(reading, felt), feelings.course_of(reading, felt)
    )
    found_tasks = tasks.action_items_in(reading)
    items = {
        "key_topics": topics.as_items(reading, about),
        "strategies": findings.strategies_in(reading),
        "emotional_themes": feelings.as_items(reading, themes),
        "triggers": findings.triggers_in(reading),
        "goals": record.goals_in(reading),
        "measures": record.measures_in(reading),
        "medications": medication.medications_in(reading),
        "action_items": found_tasks,
        "appointments": appointments.appointments_in(reading),
        "significant_quotes": findings.quotes_in(reading, about),
        "follow_up_topics": plans.follow_ups_in(reading),
        "unresolved_concerns": plans.concerns_in(reading),
        "protective_factors": record.protective_factors_in(reading),
        "risk_actions": record.risk_actions_in(reading, found_tasks),
        "risk_flags": [Item.of(flag) for flag in flags_from(reading.mentions, reading.transcript)],
    }
    found.items = {name: tuple(listed) for name, listed in items.items()}
    return found


def _joined(lines: list[Line]) -> str:
    return " ".join(line.text for line in lines)
