"""Whether what a note claims is supported by the words it cites, and if not, why."""

import re
from collections.abc import Sequence

from shared.domain.english.polarity import denies_risk
from shared.domain.english.quotes import find_run, words_of
from shared.domain.notes.fields import Form
from shared.domain.verification.grounding import LEAST_SHARE, outside_quotes, quoted_in, share_borne_out
from shared.domain.verification.objections.facts import invented_fact
from shared.domain.verification.objections.reversal import turned
from shared.domain.verification.objections.subjects import misattributed
from shared.domain.verification.prompt_injection import reads_like_instruction
from shared.domain.verification.quote_frames import only_lists, only_quotes, quotes_denial

NOT_FOUND = "The quoted words are not in the transcript."
NO_EVIDENCE = "No words of the transcript were given as evidence."
MISQUOTED = "It quotes words that its evidence does not have."
FLIPPED = "It affirms what its evidence denies, or denies what its evidence affirms."
MISATTRIBUTED = "It says of the client, or today, what its evidence says of another person, or the past."
MARKUP = "It has markup or a link."
INSTRUCTION = "Its evidence reads like an instruction to a machine."
REASSURING = "It states that there is no risk, which a transcript cannot show."
TOO_LITTLE_SAID = "Too little of what it says is in its evidence."

_MARKUP = re.compile(
    r"https?:|www\.|javascript:|data:|<[^>]*>?|\]\(|!\[|\b[\w.+-]+@[\w-]+\.\w+|\b[\w-]+\.(?:com|net|org|io|example)\b"
    r"|`{3}|\{\{|\$\{|^\s*#{1,6}\s|\*\*|&#?\w+;",
    re.IGNORECASE | re.MULTILINE,
)
_REASSURING = re.compile(
    r"""
    \b(?:no|not\ (?:at|a|any)|without|zero|absent|minimal|negligible)\ (?:\w+\ ){0,4}
      (?:risks?|danger|threat)\b
    | \b(?:no|without)\ (?:\w+\ )?(?:safety|suicid\w+|acute|clinical)\ (?:\w+\ )?(?:concerns?|risk|issues?)\b
    | \brisks?\ (?:\w+\ ){0,4}
      (?:none|no|not(?!\ wanting\ to\ live)|low|zero
      |absent|denied|nil|minimal|negligible|resolved|cleared|ruled)\b
    | \b(?:low|lower|minimal)\ (?:\w+\ ){0,2}risk\b | \brisk\ free\b | \bno\ concerns?\b
    | \b(?:safety|suicid\w+|self\ harm)\ (?:\w+\ ){0,3}not\ (?:\w+\ ){0,2}(?:concern|issue|problem)s?\b
    | \bnothing\ (?:\w+\ )?(?:to\ worry\ about|to\ be\ concerned\ about|of\ concern)\b
    | \b(?:can|may|could)\ be\ (?:left\ aside|set\ aside|ruled\ out|disregarded|ignored)\b
    | \bout\ of\ danger\b
    | \b(?:denies|denied)\ (?:all|any)\ (?:\w+\ )?(?:risk|concerns?)\b
    | \bsafe\ (?:to|for)\ (?:be\ )?(?:discharge|release|go\ home) | \bposes?\ no\b
    | \bfit\ for\ discharge\b | \b(?:can|may|should)\ be\ discharged\b
    | \bno\ (?:further\ |more\ )?(?:follow\ up|monitoring|intervention|treatment)\ (?:is\ )?
      (?:needed|required|necessary)\b
    | \bis\ (?:completely\ |perfectly\ |fully\ )?(?:safe|cured|healthy)\b
    """,
    re.VERBOSE,
)


def objection(
    form: Form,
    claim: str,
    quotes: Sequence[str],
    context: Sequence[str],
    session: str = "",
    least: float = LEAST_SHARE,
) -> str | None:
    """Why ``claim`` does not stand on ``quotes``, or None.

    ``quotes`` are words of the transcript, ``context`` the whole segments they are from: a claim
    may take an ordinary word from there, and a number, name, drug or diagnosis only from a quote.
    ``session`` is all that was said, which says whom a pronoun means. More than the share ``least`` (0..1)
    of a sentence's own words must be there.
    What the claim itself puts in quotation marks must be in a quote, and is then not looked at again.
    """
    reason = _unfit(claim, quotes)
    if reason is not None or only_quotes(claim):
        return reason
    if quotes_denial(claim):
        return None if any(denies_risk(words_of(quote)) for quote in quotes) else FLIPPED
    own, lists, cited = outside_quotes(claim), only_lists(claim), [*quotes, *context]
    is_topic = lists or not _is_told(form, own)
    fact = invented_fact(own, " \n ".join(quotes), session, is_topic=is_topic)
    if fact is not None:
        return fact
    if lists:
        return _unsupported(Form.TOPIC, claim, own, cited)
    return _contradiction(form, own, quotes) or _unsupported(form, claim, own, cited, least)


def _unfit(claim: str, quotes: Sequence[str]) -> str | None:
    """Why ``claim`` is not even compared with the words of ``quotes``, or None."""
    if has_markup(claim):
        return MARKUP
    if quotes and all(reads_like_instruction(quote) for quote in quotes):
        return INSTRUCTION
    said = [words_of(quote) for quote in quotes]
    misquotes = any(
        all(find_run(words, words_of(part)) is None for words in said) for part in quoted_in(claim)
    )
    return MISQUOTED if misquotes else None


def _is_told(form: Form, own: str) -> bool:
    """Whether ``own``, a claim without its quotations, tells something rather than names it."""
    return form in {Form.SENTENCE, Form.REMARK} and len(words_of(own)) > 1


def _contradiction(form: Form, own: str, quotes: Sequence[str]) -> str | None:
    if is_reassuring(own):
        return REASSURING
    if turned(own, quotes, topic=form in {Form.TOPIC, Form.KIND}):
        return FLIPPED
    return MISATTRIBUTED if misattributed(own, quotes) else None


def has_markup(text: str) -> bool:
    """Whether ``text`` holds a link, an address or markup."""
    return _MARKUP.search(text) is not None


def without_markup(text: str) -> str:
    """``text`` with links and markup cut out."""
    return _MARKUP.sub(" ", text)


def is_reassuring(text: str) -> bool:
    """Whether ``text`` says that there is no risk."""
    return _REASSURING.search(" ".join(words_of(text))) is not None


def _unsupported(
    form: Form, claim: str, own: str, cited: Sequence[str], least: float = LEAST_SHARE
) -> str | None:
    if form is Form.KIND:
        return None
    share = share_borne_out(own, cited)
    if share is None:
        empty = form is Form.SENTENCE and not quoted_in(claim)
        return TOO_LITTLE_SAID if empty else None
    enough = share > (0 if form in {Form.LABEL, Form.TOPIC} else least)
    return None if enough else TOO_LITTLE_SAID
