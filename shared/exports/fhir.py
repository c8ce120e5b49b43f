"""Notes as FHIR R4: a document Bundle with a Composition, and a DocumentReference to it."""

import base64
import html
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.domain.notes.canonical_json import canonical
from shared.domain.notes.record import Kind, Part, Standing
from shared.domain.notes.values import Notes
from shared.domain.values import JsonObject
from shared.exports import FILES
from shared.exports.making import made_by
from shared.exports.outline import notes_outline
from shared.exports.shapes import Block, Line, Outline
from shared.services.notes.exporting import Export

MEDIA_TYPE = "application/fhir+json"
_IDENTIFIERS = "urn:ietf:rfc:3986"
# LOINC: a note on the progress of mental health treatment.
_TYPE: JsonObject = {
    "coding": [{"system": "http://loinc.org", "code": "11506-3", "display": "Progress note"}],
    "text": "Psychotherapy session, progress note",
}


def as_fhir(export: Export) -> str:
    """The Bundle as JSON. Psychotherapy notes are never in it, nor is the transcript."""
    outline = notes_outline(export)
    resources = [
        _composition(export, outline),
        _patient(export),
        _practitioner(export.therapist_id, export.therapist),
        *_cosigners(export),
        _reference(export, outline),
        *_origin(export),
    ]
    bundle: JsonObject = {
        "resourceType": "Bundle",
        **_security(export),
        "identifier": {"system": _IDENTIFIERS, "value": _urn(_bundle_id(export))},
        "type": "document",
        "timestamp": _instant(export.notes.head.created_at),
        "entry": [{"fullUrl": _urn(UUID(r["id"])), "resource": r} for r in resources],
    }
    return canonical(bundle)


def _composition(export: Export, outline: Outline) -> JsonObject:
    found: JsonObject = {
        "resourceType": "Composition",
        "id": str(_id(export, "composition")),
        **_security(export),
        "identifier": {"system": _IDENTIFIERS, "value": _urn(_bundle_id(export))},
        "status": _status(export),
        "type": _TYPE,
        "subject": _to(export.patient_id, "Patient", export.patient),
        "date": _instant(export.notes.head.created_at),
        "author": [_to(export.therapist_id, "Practitioner", export.therapist)],
        "title": f"{outline.title}: {outline.banner}",
        "confidentiality": "R",
        "section": [*(_section(block, outline) for block in outline.blocks if block.lines), _file(export)],
    }
    attested = [_attester(export, index) for index in range(len(export.notes.head.signatures))]
    if attested and export.as_signed:
        found["attester"] = attested
    return found


def _security(export: Export) -> JsonObject:
    """Labels of records under 42 CFR Part 2: restricted, about substance use, by which law (DS4P)."""
    if not export.is_part2:
        return {}
    codes = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    labels = [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"},
        {"system": codes, "code": "ETH"},
        {"system": codes, "code": "42CFRPart2"},
    ]
    return {"meta": {"security": labels}}


def _status(export: Export) -> str:
    if not export.as_signed or export.notes.head.standing is not Standing.SIGNED:
        return "preliminary"
    return "amended" if export.notes.addenda or export.notes.head.kind is Kind.ADDENDUM else "final"


def _attester(export: Export, index: int) -> JsonObject:
    signed = export.notes.head.signatures[index]
    return {
        "mode": "legal" if signed.part is Part.AUTHOR else "professional",
        "time": _instant(signed.signed_at),
        "party": _to(signed.signer_id, "Practitioner", signed.signer),
    }


def _section(block: Block, outline: Outline) -> JsonObject:
    narrative = "".join(f"<p>{_line(line)}</p>" for line in block.lines)
    cited = {number for line in block.lines for number in line.footnotes}
    quotes = "".join(
        f"<li>[{n.number}] {html.escape(n.when)} “{_text(n.quote)}”</li>"
        for n in outline.footnotes
        if n.number in cited
    )
    evidence = f"<ul>{quotes}</ul>" if quotes else ""
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{narrative}{evidence}</div>'
    return {"title": block.title, "text": {"status": "generated", "div": div}}


def _file(export: Export) -> JsonObject:
    """The section that leads to the document as a file: R4 has nothing in a document that none leads to."""
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>The same as a PDF.</p></div>'
    return {
        "title": "The document as a file",
        "text": {"status": "generated", "div": div},
        "entry": [{"reference": _urn(_id(export, "reference")), "type": "DocumentReference"}],
    }


def _origin(export: Export) -> list[JsonObject]:
    """What made the draft, as a Device, and the Provenance that says so of the Composition."""
    provenance = Notes.of(export.notes.document).provenance
    if not provenance:
        return []
    names = [{"name": provenance.engine, "type": "model-name"}]
    if provenance.model:
        names.append({"name": provenance.model, "type": "other"})
    device = {
        "resourceType": "Device",
        "id": str(_id(export, "device")),
        "deviceName": names,
        "version": [{"value": provenance.engine_version}],
        "note": [{"text": text} for text in made_by(provenance)],
    }
    made: JsonObject = {
        "resourceType": "Provenance",
        "id": str(_id(export, "provenance")),
        "target": [{"reference": _urn(_id(export, "composition")), "type": "Composition"}],
        "recorded": _instant(export.notes.head.created_at),
        "agent": [_agent("assembler", _id(export, "device"), "Device", provenance.engine)],
    }
    if export.notes.head.author_id is not None:
        made["agent"].append(_agent("author", export.therapist_id, "Practitioner", export.therapist))
    return [device, made]


def _agent(part: str, who: UUID, kind: str, name: str) -> JsonObject:
    system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    return {"type": {"coding": [{"system": system, "code": part}]}, "who": _to(who, kind, name)}


def _line(line: Line) -> str:
    marks = "".join(f" ({html.escape(mark)})" for mark in line.marks)
    notes = "".join(f" [{number}]" for number in line.footnotes)
    return f"{_text(line.text)}{marks}{notes}"


def _text(text: str) -> str:
    return html.escape("".join(mark for mark in text if mark.isprintable() or mark == " "), quote=False)


def _patient(export: Export) -> JsonObject:
    name = {"name": [{"text": export.patient}]} if export.patient else {}
    return {"resourceType": "Patient", "id": str(export.patient_id), **name}


def _practitioner(person: UUID, name: str) -> JsonObject:
    return {"resourceType": "Practitioner", "id": str(person), "name": [{"text": name or "Therapist"}]}


def _cosigners(export: Export) -> list[JsonObject]:
    signers = {
        s.signer_id: s.signer for s in export.notes.head.signatures if s.signer_id != export.therapist_id
    }
    return [_practitioner(person, name) for person, name in signers.items()]


def _reference(export: Export, outline: Outline) -> JsonObject:
    media_type, write = FILES["pdf"]
    content = write(outline)
    data = content if isinstance(content, bytes) else content.encode()
    signed = export.as_signed and export.notes.head.standing is Standing.SIGNED
    return {
        "resourceType": "DocumentReference",
        "id": str(_id(export, "reference")),
        **_security(export),
        "status": "current",
        "docStatus": "final" if signed else "preliminary",
        "type": _TYPE,
        "subject": _to(export.patient_id, "Patient", export.patient),
        "date": _instant(export.notes.head.created_at),
        "author": [_to(export.therapist_id, "Practitioner", export.therapist)],
        "description": outline.banner,
        "content": [
            {
                "attachment": {
                    "contentType": media_type,
                    "data": base64.b64encode(data).decode(),
                    "title": outline.title,
                    "creation": _instant(export.notes.head.created_at),
                }
            }
        ],
        "context": {"period": {"start": _instant(export.session_date)}},
    }


def _to(target: UUID, kind: str, name: str) -> JsonObject:
    return {"reference": _urn(target), "type": kind, **({"display": name} if name else {})}


def _id(export: Export, what: str) -> UUID:
    """The same for the same version, so that a document that is sent twice is known again."""
    head = export.notes.head
    return uuid5(NAMESPACE_URL, f"sessionscribe:{export.session_id}:{head.version}:{head.template}:{what}")


def _bundle_id(export: Export) -> UUID:
    return _id(export, "document")


def _urn(value: UUID) -> str:
    return f"urn:uuid:{value}"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
