"""Identifiers that are found by their form: dates, numbers, addresses, e-mail addresses and links."""

import re

from workers.engines.deidentify.tokens import LITERAL, Kind

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_YEAR = r"(?:19|20)\d\d"
_ORDINAL_WORD = (
    r"(?:(?:twenty|thirty)[- ])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh"
    r"|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
_ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{_ORDINAL_WORD})"
_DAY = rf"(?:{_ORDINAL}|\d{{1,2}})"
_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_CODE = r"[A-Za-z]{0,5}[ -]?\d[\dA-Za-z]{0,30}(?:[ -]\d[\dA-Za-z]{0,30}){0,9}"
_NUMBERED = (
    r"(?:number|case|claim|report|ticket|policy|chart|referral|social|passport|licen[cs]e|account|member|file"
    r"|(?:ID|id))(?: (?:number|no\.?|id|ID))?(?: is|'s)?[,:]? "
)
_UNITS = (
    r"(?! ?(?:mg|mcg|ml|milligrams?|micrograms?|calories|dollars|pounds|euros|steps|grams|kilos?|hours?)\b)"
)
_ROAD = (
    r"(?:Street|Avenue|Ave|Road|Lane|Drive|Boulevard|Blvd|Court|Way|Place|Terrace|Close|Crescent|Square"
    r"|Highway)"
)
_CAPITAL = r"[A-Z][\w'’-]*"
_TOP = r"(?:com|org|net|edu|gov|mil|info|io|app|health|example|uk|us|ca|au|de|fr|ie|in|ng|nz)"

# Repetitions are bounded and begin where a word does: time stays linear in any text.
# In this order: what an earlier pattern has found is not looked at again.
PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.NUMBER, LITERAL),  # words that look like a token must not be taken for one
    (Kind.EMAIL, re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    (
        Kind.EMAIL,
        re.compile(
            r"(?<![\w.-])[\w.-]{1,64}(?: (?:dot|underscore|dash|hyphen) [\w-]{1,63}){0,6}"
            r" at [\w-]{1,63}(?: dot [\w-]{1,63}){0,6} dot \w{1,63}\b",
            re.IGNORECASE,
        ),
    ),
    (Kind.LINK, re.compile(r"\b(?:https?://|www\.)[^\s<>\"]*[\w/]", re.IGNORECASE)),
    (
        Kind.LINK,
        re.compile(
            rf"(?<![\w.-])[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,8}}\.{_TOP}\b(?:/[^\s<>\"]*[\w/])?",
            re.IGNORECASE,
        ),
    ),
    (
        Kind.PLACE,
        re.compile(
            r"(?:\b(?:Flat|Apartment|Apt\.?|Unit|Suite) \w+, )?"
            rf"\b\d{{1,5}}[A-Za-z]? (?:{_CAPITAL} ){{1,3}}{_ROAD}\b"
            r"(?:, (?:Apartment|Apt\.?|Flat|Unit|Suite) \w+)?"
        ),
    ),
    (Kind.PLACE, re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b")),  # a British postcode
    (
        Kind.DATE,
        re.compile(
            rf"\b(?:{_WEEKDAY},? )?(?:the )?(?:{_MONTH} (?:the )?{_DAY}\b(?:,? {_YEAR}\b)?"
            rf"|{_DAY} (?:of )?{_MONTH}\b(?:,? {_YEAR}\b)?|{_MONTH},? (?:of )?{_YEAR}\b)"
        ),
    ),
    (Kind.DATE, re.compile(rf"\b{_WEEKDAY},? (?:the )?{_ORDINAL}\b")),
    (Kind.DATE, re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d\d)\b")),
    (Kind.DATE, re.compile(r"(?<=\b(?:since|until) )\d{1,2}/\d{1,2}\b|(?<=\b(?:on|by) )\d{1,2}/\d{1,2}\b")),
    (
        Kind.NUMBER,
        re.compile(rf"\b{_DIGIT}(?:[ ,-]+{_DIGIT}){{5,}}\b", re.IGNORECASE),  # digits that are spoken
    ),
    (Kind.NUMBER, re.compile(rf"(?i:\b{_NUMBERED})(?P<id>{_CODE})\b")),
    (Kind.NUMBER, re.compile(r"(?<![\w-])\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?!\w)")),
    (Kind.NUMBER, re.compile(r"\b[A-Z]{1,4}[ -]?\d{2,}(?:[ -]\d{2,})+\b")),
    (
        Kind.NUMBER,
        re.compile(
            rf"(?<![\w-])(?=(?:-?\d){{5}}|(?=[\d-]{{0,20}}[A-Za-z])(?:[A-Za-z-]{{0,12}}\d){{4}})[A-Za-z\d]{{1,30}}(?:-[A-Za-z\d]{{1,30}}){{0,9}}\b{_UNITS}"
        ),
    ),
    (Kind.DATE, re.compile(rf"\b{_YEAR}\b{_UNITS}")),
    (Kind.DATE, re.compile(rf"(?<=\b(?:in|by) ){_MONTH}\b|(?<=\b(?:since|until|after) ){_MONTH}\b")),
)
# Numbers that are the same for all, and must stay for what they say of risk.
COMMON_NUMBERS = frozenset({"988", "911", "999", "112", "116123", "116 123"})
