"""An outline as a Word document: headings, the banner and page numbers, evidence as end notes."""

import io
import re
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from shared.exports.shapes import Block, Line, Outline

_DRAFT_COLOUR, _FINAL_COLOUR = RGBColor(150, 60, 0), RGBColor(0, 90, 60)
# What XML cannot hold; edits with such characters are refused, engines' words are cleaned here.
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def as_word(outline: Outline) -> bytes:
    """The document. Texts are runs of characters: no field, link or markup comes of them."""
    document = Document()
    document.core_properties.title = outline.title
    document.core_properties.author = "sessionscribe"
    _frame(document.sections[0], outline)
    document.add_heading(_clean(outline.title), level=0)
    for name, value in outline.facts:
        _fact(document, name, value)
    for block in outline.blocks:
        _block(document, block)
    if outline.closing:
        document.add_heading("Signatures", level=1)
        for name, value in outline.closing:
            _fact(document, name, value)
    if outline.footnotes:
        document.add_heading("Evidence: what was said, and when in the recording", level=1)
        for note in outline.footnotes:
            paragraph = document.add_paragraph()
            run = paragraph.add_run(f"{note.number}   {note.when}   “{_clean(note.quote)}”")
            run.font.size = Pt(8.5)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _frame(section: Any, outline: Outline) -> None:
    banner = section.header.paragraphs[0]
    banner.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = banner.add_run(_clean(outline.banner))
    run.bold = True
    run.font.color.rgb = _FINAL_COLOUR if outline.is_final else _DRAFT_COLOUR
    below = section.footer.paragraphs[0]
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    below.add_run("page ")
    _field(below, "PAGE")
    below.add_run(" of ")
    _field(below, "NUMPAGES")


def _field(paragraph: Any, instruction: str) -> None:
    """A field that Word fills in, such as the number of the page."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    paragraph._p.append(field)


def _fact(document: Any, name: str, value: str) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.add_run(f"{_clean(name)}: ").bold = True
    paragraph.add_run(_clean(value))


def _block(document: Any, block: Block) -> None:
    document.add_heading(_clean(block.title), level=1)
    running = None
    for line in block.lines:
        if line.is_item:
            running = None
            _runs(document.add_paragraph(style="List Bullet"), line)
            continue
        if running is None:
            running = document.add_paragraph()
        else:
            running.add_run(" ")
        _runs(running, line)


def _runs(paragraph: Any, line: Line) -> None:
    paragraph.add_run(_clean(line.text))
    for mark in line.marks:
        paragraph.add_run(f" ({mark})").italic = True
    if line.footnotes:
        run = paragraph.add_run(",".join(str(number) for number in line.footnotes))
        run.font.superscript = True


def _clean(text: str) -> str:
    return _NO_XML.sub("", text)
