"""Who the speakers are: what their therapist says of them, over what was proposed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.domain.transcripts.roles import Role
from shared.domain.values import JsonObject


@dataclass(frozen=True, slots=True)
class Person:
    """What is said of one speaker; the two together make them known, each may be missing."""

    role: Role | None = None
    name: str | None = None


Casting = Mapping[str, Person]
"""People by the label that the transcript gives them (``Speaker 1``), which never changes."""


def casting_to_json(casting: Casting) -> JsonObject:
    """A document that ``casting_from_json`` reads back as it was."""
    return {
        label: {"role": person.role and person.role.value, "name": person.name}
        for label, person in casting.items()
    }


def casting_from_json(document: JsonObject) -> dict[str, Person]:
    """The casting that was stored."""
    return {
        label: Person(Role(person["role"]) if person["role"] else None, person["name"])
        for label, person in document.items()
    }


def display_names(labels: list[str], casting: Casting) -> dict[str, str]:
    """How each label is shown: by name, else by a role that was confirmed, else as it is.

    Several without a name in one role are numbered in the order of ``labels``. Labels with the same
    name are shown alike: that is how a voice that was taken for two becomes one.
    """
    unnamed = Counter(casting[label].role for label in labels if label in casting and not casting[label].name)
    met: Counter[Role | None] = Counter()
    shown = {}
    for label in labels:
        person = casting.get(label, Person())
        if person.name:
            shown[label] = person.name
        elif person.role is None:
            shown[label] = label
        else:
            met[person.role] += 1
            number = f" {met[person.role]}" if unnamed[person.role] > 1 else ""
            shown[label] = f"{person.role.value.capitalize()}{number}"
    return shown


def labels_of(transcript: JsonObject) -> list[str]:
    """The labels of a transcript document, in the order of their numbers."""
    return in_order({str(segment["speaker"]) for segment in transcript["segments"]})


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels in the order of their numbers."""
    return sorted(labels, key=lambda label: (len(label), label))


def with_roles(transcript: JsonObject, casting: Casting) -> JsonObject:
    """The transcript document with the confirmed roles in the place of the proposed ones.

    A confirmation overrides a proposal: once a speaker is the therapist no other is proposed for it.
    The last speaker without a known role is the therapist if no other is.
    """
    confirmed = {label: person.role for label, person in casting.items() if person.role}
    roles = _proposed_beside(confirmed, transcript)
    roles |= {label: {"role": role.value, "confidence": 1.0} for label, role in confirmed.items()}
    if not roles:
        return transcript
    return {**transcript, "quality": {**transcript["quality"], "speaker_roles": roles}}


def _proposed_beside(confirmed: Mapping[str, Role], transcript: JsonObject) -> dict[str, JsonObject]:
    """The roles of the other speakers, as far as the confirmed ones leave them."""
    proposed = transcript["quality"].get("speaker_roles", {})
    roles = {label: {**said} for label, said in proposed.items() if label not in confirmed}
    if Role.THERAPIST in confirmed.values():
        for said in roles.values():
            if said["role"] == Role.THERAPIST:
                said["role"] = Role.CLIENT.value
        return roles
    others = [label for label in labels_of(transcript) if label not in confirmed]
    if confirmed and len(others) == 1:
        roles[others[0]] = {"role": Role.THERAPIST.value, "confidence": 0.9}
    return roles


def roles_in(transcript: JsonObject) -> dict[str, str]:
    """The role of each label that has one, confirmed or proposed."""
    return {label: said["role"] for label, said in transcript["quality"].get("speaker_roles", {}).items()}


def described(transcript: JsonObject, casting: Casting) -> list[JsonObject]:
    """``{label, shown_as, name, role, confidence, confirmed, seconds, words}`` of every speaker.

    ``role`` is the confirmed one (confidence 1.0), else the proposed one, else None.
    """
    labels = labels_of(transcript)
    shown = display_names(labels, casting)
    roles = with_roles(transcript, casting)["quality"].get("speaker_roles", {})
    seconds, words = _talk(transcript)
    return [
        {
            "label": label,
            "shown_as": shown[label],
            "name": casting.get(label, Person()).name,
            "role": roles.get(label, {}).get("role"),
            "confidence": roles.get(label, {}).get("confidence"),
            "confirmed": casting.get(label, Person()).role is not None,
            "seconds": round(seconds[label], 1),
            "words": words[label],
        }
        for label in labels
    ]


def shown_transcript(transcript: JsonObject, casting: Casting) -> JsonObject:
    """The transcript document as it is read: speakers by their names, and a list of them."""
    shown = display_names(labels_of(transcript), casting)
    segments = [{**segment, "speaker": shown[segment["speaker"]]} for segment in transcript["segments"]]
    return {
        **with_roles(transcript, casting),
        "segments": segments,
        "speakers": described(transcript, casting),
    }


def shown_notes(notes: JsonObject, shown: Mapping[str, str]) -> JsonObject:
    """The notes with each ``speaker``, wherever it stands, as ``display_names`` shows it."""

    def renamed(value: object) -> object:
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if isinstance(value, dict):
            return {
                key: shown.get(item, item) if key == "speaker" and isinstance(item, str) else renamed(item)
                for key, item in value.items()
            }
        return value

    return {key: renamed(value) for key, value in notes.items()}


def _talk(transcript: JsonObject) -> tuple[Counter[str], Counter[str]]:
    """Seconds and words by label."""
    seconds: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for segment in transcript["segments"]:
        seconds[segment["speaker"]] += segment["end"] - segment["start"]
        words[segment["speaker"]] += len(segment["text"].split())
    return seconds, words
