"""An outline as Markdown, for reading and for pasting into a record."""

import re

from shared.exports.shapes import Block, Line, Outline

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LEADING = re.compile(r"^([-+=]|\d+[.)])")


def as_markdown(outline: Outline) -> str:
    """The document; evidence stands in footnotes."""
    head = [f"# {plain(outline.title)}", f"**{plain(outline.banner)}**"]
    head += ["\n".join(f"- {plain(name)}: {plain(value)}" for name, value in outline.facts)]
    body = [text for block in outline.blocks for text in _block(block)]
    notes = ["\n".join(f"[^{n.number}]: {n.when} “{plain(n.quote)}”" for n in outline.footnotes)]
    closing = ["\n".join(f"- {plain(name)}: {plain(value)}" for name, value in outline.closing)]
    return "\n\n".join(text for text in (*head, *body, *closing, *notes) if text) + "\n"


def _block(block: Block) -> list[str]:
    items = [line for line in block.lines if line.is_item]
    texts = [line for line in block.lines if not line.is_item]
    found = [f"## {plain(block.title)}"]
    found += [" ".join(_line(line) for line in texts)] if texts else []
    found += ["\n".join(f"- {_line(line)}" for line in items)] if items else []
    return found


def _line(line: Line) -> str:
    marks = "".join(f" ({plain(mark)})" for mark in line.marks)
    return plain(line.text) + marks + "".join(f"[^{number}]" for number in line.footnotes)


def plain(text: str) -> str:
    """``text`` as words: neither its Markdown nor its HTML means anything, and nothing becomes a link."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    escaped = re.sub(r"(?i)\b(https?|ftp|mailto|javascript|data)(:)", r"\1\\\2", escaped)
    escaped = re.sub(r"(?i)\bwww\.", r"www\\.", escaped)
    return _LEADING.sub(r"\\\1", escaped)
