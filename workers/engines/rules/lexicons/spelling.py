"""Words as dialects and speech engines spell them, each made the one word that the patterns know.

One word stays one word, so that the places of a hit hold in the words as they were said.
"""

from shared.domain.vocabulary import phrases, words

_SPELLED = {
    spelled: standard
    for pair in phrases(
        """ah'm i'm, a'm i'm, im i'm, i'se i'm, ah've i've, ive i've, ah'd i'd, ah'll i'll, masel myself,
        masell myself, mysel myself, maself myself, meself myself, yersel yourself, hisself himself,
        hersel herself, himsel himself, gonnae gonna, gonny gonna, gon gonna, finna gonna, gunna
        gonna, tae to, ae of, wi with, oot out, doon down, hoose house, heid head, deid dead, aff
        off, roon round, nae no, naebody nobody, naething nothing, nuttin nothing, dae do, daein
        doing, cannae can't, cannot can't, dinnae don't, dinna don't, didnae didn't, wasnae wasn't,
        isnae isn't, wouldnae wouldn't, widnae wouldn't, havenae haven't, hivnae haven't, willnae
        won't, winnae won't, couldnae couldn't, wis was, hae have, hiv have, jist just, jus just,
        noo now, mair more, polis police, bate beat, yous you, ye you, yer your, bout about, em
        them, cause because, coz because, cos because, tryna trying, dont don't, doesnt doesn't,
        didnt didn't, cant can't, wont won't, maist most, awa away, aw all, da dad, nowt nothing,
        owt anything, summat something, sumthin something, sommat something, mysen myself, hissen
        himself, mi my"""
    )
    for spelled, _, standard in [pair.partition(" ")]
}
_SCOTS_I_BEFORE = words(
    """think keep want wish hear hope feel can't don't just hate cut could wouldn't wid went took ken know
    drink use"""
)
_SCOTS_MY_BEFORE = words(
    """heid head arms legs wrists man wife sister life jacket self da dad maw wean weans knee name granny
    boyfriend husband"""
)
# Verbs whose -ing is often said without its g: "thinkin'".
_CLIPPED = frozenset(
    f"{verb}in"
    for verb in words(
        """think do go kill hit beat drink us smok cutt hurt tak liv dy wish pray hear see follow watch throw
        putt carv noth talk tell say want try plann cry sipp com mak look end jump ly starv vomit eat bing
        shoot chok stabb leav steal lock push shov scream shout call feel sleep runn work driv stay keep burn
        scratch stopp gett help"""
    )
)


def in_standard_english(spoken: tuple[str, ...]) -> tuple[str, ...]:
    """``spoken`` with each word of a dialect that is listed as the word it stands for."""
    known = [_spelled(word) for word in spoken]
    for index, following in enumerate(known[1:]):
        if known[index] == "ah" and following in _SCOTS_I_BEFORE:
            known[index] = "i"
        elif known[index] == "ma" and following in _SCOTS_MY_BEFORE:
            known[index] = "my"
    return tuple(known)


def _spelled(word: str) -> str:
    return f"{word}g" if word in _CLIPPED else _SPELLED.get(word, word)
