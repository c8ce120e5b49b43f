"""An outline as a PDF: A4, with its banner and ``page n of m`` on each page, evidence as footnotes."""

import secrets
import unicodedata
from collections.abc import Sequence
from typing import Any

from fpdf import FPDF
from fpdf.fonts import TTFFont

from shared.exports import fonts
from shared.exports.shapes import Block, Line, Outline

_MARGIN = 20.0  # millimetres
_DRAFT_COLOUR, _FINAL_COLOUR, _QUIET = (150, 60, 0), (0, 90, 60), (95, 95, 95)
_TEXT, _SMALL, _LINE = 10.0, 8.0, 5.2
_SPREAD = 1.48  # of a line of running text, as a multiple of the font's size
_LAYOUT_TABLES = frozenset({"GDEF", "GSUB", "GPOS"})
_CODES = (
    "Characters that this file's font lacks are named by their Unicode code points, such as [U+738B]. "
    "The Word and Markdown files have the characters themselves."
)


class _Document(FPDF):
    """Pages with the banner above and their number below."""

    def __init__(self, outline: Outline) -> None:
        super().__init__(format="A4")
        self._drawn = outline
        self._known = fonts.characters()
        self.lacks_characters = False
        self.set_text_shaping(True)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN + 4)
        self.set_title(outline.title)
        self.set_creator("sessionscribe")
        # The library replaces this mark by the number of pages wherever it stands, so no text may hold it.
        self._pages = f"[{secrets.token_hex(8)}]"
        self.alias_nb_pages(self._pages)

    def header(self) -> None:
        """The banner, on every page."""
        self.set_y(10)
        self.use("B", 9)
        self.set_text_color(*(_FINAL_COLOUR if self._drawn.is_final else _DRAFT_COLOUR))
        self.cell(0, 6, self.known(self._drawn.banner), align="C", new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(0, 0, 0)
        self.set_y(_MARGIN)

    def footer(self) -> None:
        """The number of the page."""
        self.set_y(-14)
        self.use("", 8)
        self.set_text_color(*_QUIET)
        self.cell(0, 6, f"page {self.page_no()} of {self._pages}", align="C")
        self.set_text_color(0, 0, 0)

    def drop_layout_tables(self) -> None:
        """Remove from the fonts what only shaping needs, which is done.

        The library embeds none of it, and still decodes all of it first: two thirds of a small file's time.
        """
        for font in (font for font in self.fonts.values() if isinstance(font, TTFFont)):
            for table in _LAYOUT_TABLES.intersection(font.ttfont.keys()):
                del font.ttfont[table]

    def use(self, style: str, size: float) -> None:
        """The font in this style and size, read when it is first used: few files need all three."""
        if f"{fonts.FAMILY.lower()}{style}" not in self.fonts:
            self.add_font(fonts.FAMILY, style, fonts.files()[style])
        self.set_font(fonts.FAMILY, style, size)

    def known(self, text: str) -> str:
        """``text`` without what the font cannot show: such a character is named by its code."""
        text = unicodedata.normalize("NFC", text)
        unknown = {mark for mark in text if ord(mark) not in self._known and mark not in "\n "}
        self.lacks_characters |= bool(unknown)
        return "".join(f"[U+{ord(mark):04X}]" if mark in unknown else mark for mark in text)


def as_pdf(outline: Outline, *, attached: tuple[str, bytes] | None = None) -> bytes:
    """The document; nothing in a text is interpreted, and nothing in it is a link.

    ``attached``: the name and the content of a file in it, found there byte for byte.
    """
    pdf = _Document(outline)
    if attached:
        pdf.embed_file(basename=attached[0], bytes=attached[1], compress=False)
    pdf.add_page()
    pdf.use("B", 16)
    pdf.multi_cell(0, 9, pdf.known(outline.title), align="L", new_x="LMARGIN", new_y="NEXT")
    _table(pdf, outline.facts)
    for block in outline.blocks:
        _block(pdf, block)
    if outline.closing:
        _heading(pdf, "Signatures")
        _table(pdf, outline.closing, stacked=True)
    if outline.footnotes:
        _heading(pdf, "Evidence: what was said, and when in the recording")
        for note in outline.footnotes:
            pdf.use("", _SMALL)
            text = pdf.known(f"{note.number}   {note.when}   “{note.quote}”")
            pdf.multi_cell(0, 4.4, text, align="L", new_x="LMARGIN", new_y="NEXT")
    if pdf.lacks_characters:
        pdf.ln(3.5)
        pdf.use("I", _SMALL)
        pdf.multi_cell(0, 4.4, _CODES, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.drop_layout_tables()
    return bytes(pdf.output())


def _table(pdf: _Document, rows: Any, *, stacked: bool = False) -> None:
    for name, value in rows:
        pdf.use("B", 9)
        pdf.cell(
            28 if not stacked else 0,
            _LINE,
            pdf.known(name),
            new_x="LMARGIN" if stacked else "RIGHT",
            new_y="NEXT" if stacked else "TOP",
        )
        pdf.use("", 9)
        pdf.multi_cell(0, _LINE, pdf.known(value), align="L", new_x="LMARGIN", new_y="NEXT")


def _heading(pdf: _Document, text: str) -> None:
    if pdf.will_page_break(3 * _LINE + 6):
        pdf.add_page()
    pdf.ln(3.5)
    pdf.use("B", 11.5)
    pdf.multi_cell(0, 6.5, pdf.known(text), align="L", new_x="LMARGIN", new_y="NEXT")


def _block(pdf: _Document, block: Block) -> None:
    _heading(pdf, block.title)
    running = [line for line in block.lines if not line.is_item]
    if running:
        _paragraph(pdf, running)
    for line in block.lines:
        if line.is_item:
            _paragraph(pdf, [line], "•  ")


def _paragraph(pdf: _Document, lines: Sequence[Line], bullet: str = "") -> None:
    """``lines`` as running text; broken at spaces alone, never between a word and its numbers."""
    pdf.use("", _TEXT)
    with pdf.text_columns(line_height=_SPREAD) as column:
        for position, line in enumerate(lines):
            pdf.use("", _TEXT)
            column.write(pdf.known(f"{' ' if position else bullet}{line.text}"))
            for mark in line.marks:
                pdf.use("I", _TEXT)
                column.write(f" ({mark})")
            if line.footnotes:
                pdf.use("", _TEXT)
                pdf.char_vpos = "SUP"
                column.write(",".join(str(number) for number in line.footnotes))
                pdf.char_vpos = "LINE"
