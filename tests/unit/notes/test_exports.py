"""Notes as files: readable, final or not at a glance, evidence as footnotes, nothing interpreted."""

import base64
import dataclasses
import io
import json
import zipfile
from datetime import UTC, datetime
from uuid import UUID

import pytest
from docx import Document
from fhir.resources.R4B.bundle import Bundle
from fhirclient.models.bundle import Bundle as BundleR4
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from shared.db.queries.records.notes import Signed
from shared.domain.notes.items import Item
from shared.domain.notes.record import Kind, Part, Standing
from shared.domain.notes.values import Notes as Written
from shared.domain.template_forms import BUILT_IN
from shared.domain.values import ExtractionRequest, JsonObject
from shared.domain.verification.evidence import verified
from shared.domain.verification.risk import with_risk_flags
from shared.exports import FILES, fhir, notes_outline, process_outline
from shared.services.notes.exporting import Export
from shared.services.notes.process_notes import Process
from shared.services.notes.reading import Addendum, Notes, Version
from tests.fixtures.transcripts.loading import golden
from tests.note_documents import edited, rendered
from workers.engines.rules import RulesExtractor
from workers.engines.rules.risk import screen

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
WHO, SESSION, PATIENT = (UUID(int=number) for number in (1, 2, 3))
NAME = "Ñandú Øberg Παπαδόπουλος Иванова"
HOSTILE = "![x](http://evil.example/a) <script>alert(1)</script> [link](javascript:x) & {\\rtf} =1+1"


@pytest.fixture(scope="module")
def document() -> JsonObject:
    """The notes of a golden transcript, to which a clinician has added something hostile."""
    heard = golden("depression_denied_si")
    draft = Written.of(RulesExtractor().extract(heard, ExtractionRequest()))
    base = verified(with_risk_flags(draft, [Item.of(flag) for flag in screen(heard)]), heard).document
    item = {"text": HOSTILE, "evidence": []}
    return edited({"unresolved_concerns": [item]}, base, heard)


def export_of(document: JsonObject, *, signed: bool = False, template: str = "default") -> Export:
    signature = Signed(2, Part.AUTHOR, WHO, "Dr. Zoë Łuk", "ab" * 32, False, AT)
    standing = Standing.SIGNED if signed else Standing.DRAFT
    signatures = (signature,) if signed else ()
    head = Version(2, Kind.EDIT, standing, WHO, 1, "rules-1", template, AT, signatures)
    addenda = (Addendum(3, WHO, AT, "The sister is called Zoë.", signatures),) if signed else ()
    shown = rendered(document, BUILT_IN[template], golden("depression_denied_si"))
    notes = Notes(head, shown, addenda)
    title = BUILT_IN[template].title
    return Export(notes, SESSION, PATIENT, NAME, WHO, "Dr. Zoë Łuk", AT, 3125.0, title)


# As an openai engine leaves it, of a session that needs a second look.
MADE_BY = {
    "engine": "openai:note-writer:prompt-0a1b2c3d", "engine_version": "0.9", "model": "note-writer-2026",
    "prompt_version": "1", "prompt_sha256": "cd" * 32, "parts": 2, "calls": 3, "input_tokens": 41_000,
    "output_tokens": 2_100, "cost_usd": 0.0988,
}  # fmt: skip
DOUBTS = [{"code": "engine_invented", "detail": "The engine named a number that was not said."}]


def told_of(document: JsonObject) -> JsonObject:
    return {**document, "provenance": MADE_BY, "needs_review": True, "review_reasons": DOUBTS}


def words_in(form: str, export: Export) -> str:
    """Everything that a reader of this file sees."""
    if form == "fhir":
        sections = json.loads(fhir.as_fhir(export))["entry"][0]["resource"]["section"]
        return " ".join(f"{section['title']} {section['text']['div']}" for section in sections)
    content = FILES[form][1](notes_outline(export))
    if form == "docx" and isinstance(content, bytes):
        return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)
    return text_of_pdf(content) if isinstance(content, bytes) else content.replace("\\", "")


@pytest.mark.parametrize("form", ["md", "docx", "pdf", "fhir"])
@pytest.mark.parametrize("template", ["default", "birp"])
def test_each_file_says_what_made_the_draft_what_is_missing_and_why_to_look_twice(
    document: JsonObject, form: str, template: str
) -> None:
    export = export_of(told_of(document), template=template)
    text = words_in(form, export)
    for said in (
        "Needs review",
        DOUBTS[0]["detail"],
        "Missing: times. Add when the session began and ended",
        "Present: risk statement",
        "Model: note-writer-2026.",
        f"Prompt: version 1, SHA-256 {'cd' * 32}.",
        "Parts read: 2; calls: 3; 41000 tokens in, 2100 out; cost 0.0988 US dollars.",
    ):
        assert said in text


def test_fhir_leads_to_every_resource_and_names_the_engine_as_a_device(document: JsonObject) -> None:
    bundle = json.loads(fhir.as_fhir(export_of(told_of(document), signed=True)))
    BundleR4(bundle, strict=True)
    by_type = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}
    (target,) = by_type["Provenance"]["target"]
    assert target["reference"] == bundle["entry"][0]["fullUrl"]
    agents = [agent["who"]["reference"] for agent in by_type["Provenance"]["agent"]]
    assert agents == [f"urn:uuid:{by_type[kind]['id']}" for kind in ("Device", "Practitioner")]
    referenced = json.dumps([entry["resource"] for entry in bundle["entry"]])
    for entry in bundle["entry"][1:]:
        assert entry["fullUrl"] in referenced or entry["resource"]["resourceType"] == "Provenance"


def text_of_pdf(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def test_a_pdf_has_its_banner_and_number_on_each_page_and_evidence_with_times(document: JsonObject) -> None:
    content = FILES["pdf"][1](notes_outline(export_of(document)))
    assert isinstance(content, bytes)
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert "DRAFT. Not signed." in page.extract_text()
        assert f"page {number} of {len(pages)}" in page.extract_text()
        assert "/Annots" not in page, "nothing in it is a link"
    text = text_of_pdf(content)
    assert NAME in text
    assert "1 00:28–00:31 “Have you had any thoughts of ending your life?”" in text
    assert "(clinician's own words)" in text


def test_a_pdf_decodes_no_table_of_a_font_that_it_does_not_hold(
    document: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    read = TTFont._readTable

    def noted(font: TTFont, tag: str) -> object:
        decoded.append(tag)
        return read(font, tag)

    monkeypatch.setattr(TTFont, "_readTable", noted)
    FILES["pdf"][1](notes_outline(export_of(document)))
    assert "glyf" in decoded
    assert not {"GDEF", "GPOS", "GSUB"} & set(decoded)


def test_a_signed_pdf_says_by_whom_when_and_with_which_hash(document: JsonObject) -> None:
    content = FILES["pdf"][1](notes_outline(export_of(document, signed=True, template="soap")))
    assert isinstance(content, bytes)
    text = text_of_pdf(content)
    assert "SIGNED by Dr. Zoë Łuk on 2026-11-26 09:30 UTC" in text
    assert "DRAFT" not in text
    assert "ab" * 32 in text
    assert "The sister is called Zoë." in text
    for title in ("Subjective", "Objective", "Assessment", "Plan"):
        assert title in text


def test_a_character_that_the_font_lacks_is_named(document: JsonObject) -> None:
    export = dataclasses.replace(export_of(document), patient="王 x\u1ab0 محمد Ελένη Дмитрий שרה")
    content = FILES["pdf"][1](notes_outline(export))
    assert isinstance(content, bytes)
    text = text_of_pdf(content)
    assert "[U+738B] x[U+1AB0]" in text
    assert "Ελένη Дмитрий" in text
    assert "The Word and Markdown files have the characters themselves." in text
    plain = FILES["pdf"][1](notes_outline(export_of(document)))
    assert isinstance(plain, bytes)
    assert "Unicode code points" not in text_of_pdf(plain)


def test_a_placeholder_of_the_pdf_library_in_a_text_stays_as_it_is(document: JsonObject) -> None:
    content = FILES["pdf"][1](notes_outline(dataclasses.replace(export_of(document), patient="Ann {nb} Lee")))
    assert isinstance(content, bytes)
    assert "Ann {nb} Lee" in text_of_pdf(content)


def test_a_word_document_opens_and_holds_the_same(document: JsonObject) -> None:
    content = FILES["docx"][1](notes_outline(export_of(document, signed=True)))
    assert isinstance(content, bytes)
    found = Document(io.BytesIO(content))
    text = "\n".join(paragraph.text for paragraph in found.paragraphs)
    assert NAME in text
    assert HOSTILE.replace("  ", " ") in text
    assert "SIGNED by Dr. Zoë Łuk" in found.sections[0].header.paragraphs[0].text
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        xml = parts.read("word/document.xml").decode()
        assert "hyperlink" not in xml
        assert "evil.example" not in parts.read("word/_rels/document.xml.rels").decode()


def test_markdown_has_footnotes_and_interprets_nothing(document: JsonObject) -> None:
    text = FILES["md"][1](notes_outline(export_of(document)))
    assert isinstance(text, str)
    assert "[^1]: 00:28–00:31 “Have you had any thoughts of ending your life?”" in text
    assert "\\!\\[x\\]" in text
    assert "\\<script\\>" in text
    assert "http\\:" in text
    assert "javascript\\:" in text


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("template", ["default", "soap"])
def test_fhir_validates_against_the_models_of_r4(document: JsonObject, signed: bool, template: str) -> None:
    text = fhir.as_fhir(export_of(document, signed=signed, template=template))
    Bundle.model_validate_json(text)
    bundle = json.loads(text)
    BundleR4(bundle, strict=True)
    assert bundle["type"] == "document"
    by_type = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}
    composition, reference = by_type["Composition"], by_type["DocumentReference"]
    assert bundle["entry"][0]["resource"] is composition
    status = ("amended", "final") if signed else ("preliminary", "preliminary")
    assert (composition["status"], reference["docStatus"]) == status
    assert ("attester" in composition) is signed
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    assert {composition["subject"]["reference"], composition["author"][0]["reference"]} <= urls
    assert base64.b64decode(reference["content"][0]["attachment"]["data"]).startswith(b"%PDF")
    divs = "".join(section["text"]["div"] for section in composition["section"])
    assert "<script" not in divs
    assert "<a " not in divs


@pytest.mark.parametrize("template", sorted(BUILT_IN.keys() - {"default"}))
def test_every_sentence_of_a_template_has_its_evidence_and_none_lacks_the_risk(
    document: JsonObject, template: str
) -> None:
    shown = rendered(document, BUILT_IN[template], golden("depression_denied_si"))
    sentences = [s for section in shown["sections"] for s in section["sentences"]]
    assert [part["title"] for part in shown["sections"]] == [part.title for part in BUILT_IN[template].parts]
    for sentence in sentences:
        assert sentence.get("by_clinician") or (
            sentence["verified"] and (sentence["evidence"] or sentence["structural"])
        )
    assert any(document["risk_statement"] == s["sentence"] for s in sentences)
    assert "ending your life" in str(sentences)
    assert "No, I haven't." in str(sentences), "a question about risk is shown with its answer"


def test_process_notes_show_that_they_are_apart() -> None:
    outline = process_outline(Process(SESSION, 1, "My hypothesis.\n\nMore.", AT, AT, AT))
    for name, (_, write) in FILES.items():
        content = write(outline)
        text = text_of_pdf(content) if name == "pdf" and isinstance(content, bytes) else ""
        assert not text or ("45 CFR 164.501" in text and "My hypothesis." in text)
