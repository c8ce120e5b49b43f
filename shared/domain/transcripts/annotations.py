"""Text that speech engines write without speech: sound tags, and credits learned from films' subtitles."""

import re

_MARKS = re.compile(r"[^\w\s]|_")
# "[BLANK_AUDIO]", "(door closes)", "♪ music ♪", "*coughs*", "【音楽】". With digits it may be a number.
_TAG = re.compile(
    r"\[[^\[\]\d]{1,60}\]|\([^()\d]{1,60}\)|（[^（）\d]{1,60}）|【[^【】\d]{1,60}】|\*[^*\s\d][^*\d]{0,60}\*"
    r"|♪[^♪]*♪?|[♪♫🎵🎶]+"
)
# A subtitle site's address: no sentence of a conversation is written like this.
_SITE = re.compile(r"amara\s?\.\s?org|opensubtitles|dimatorzok|dimatorsok", re.IGNORECASE)
# "Subtitles by …", as films end in many languages: the word at the beginning, and what is credited after it.
_CREDIT = re.compile(
    r"^\W*(?:subtitl|closed caption|caption(?:s|ed) by|transcri(?:bed|ption) by|translated by"
    r"|untertitel|sous-titr|subt[ií]tul|legendas? (?:por|pela)|legendado|sottotitol|ondertitel|napisy|titulky"
    r"|undertext|undertekst|tekst(?:et|ing) av|tekstitys|altyaz|субтитр|редактор субтитров"
    r"|字幕|자막|ترجمة نانسي|phụ đề)",
    re.IGNORECASE,
)
# What Whisper and its kin learned to hear in silence, from the ends of films (openai/whisper#928).
_STOCK = frozenset({
    "thank you for your attention",
    "thank you for watching", "thanks for watching", "thank you so much for watching", "please subscribe",
    "dont forget to subscribe", "see you in the next video", "like and subscribe",
    "terima kasih telah menonton", "vielen dank fürs zuschauen", "vielen dank für die aufmerksamkeit",
    "merci davoir regardé cette vidéo", "merci davoir regardé", "gracias por ver el video",
    "gracias por ver", "obrigado por assistir", "grazie per aver guardato il video", "grazie per la visione",
    "bedankt voor het kijken", "dziękuję za uwagę", "dziękuję za oglądanie", "děkuji za pozornost",
    "i̇zlediğiniz için teşekkür ederim", "izlediğiniz için teşekkür ederim", "спасибо за просмотр",
    "продолжение следует", "дякую за перегляд", "ご視聴ありがとうございました", "谢谢观看", "感谢观看",
    "謝謝觀看", "請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目", "시청해주셔서 감사합니다",
    "cảm ơn các bạn đã theo dõi",
    "tack för att ni tittade", "takk for at du så på", "tak fordi i så med", "kiitos kun katsoitte",
    "hvala što pratite kanal", "شكرا للمشاهدة", "اشتركوا في القناة", "धन्यवाद देखने के लिए",
})  # fmt: skip


def plain(text: str) -> str:
    """``text`` in lower case, without punctuation, single spaces."""
    return " ".join(_MARKS.sub("", text.casefold()).split())


def tagged(texts: list[str]) -> set[int]:
    """Which of a phrase's written words belong to sound tags such as ``[door closes]``."""
    joined = " ".join(texts)
    found = [match.span() for match in _TAG.finditer(joined)]
    places: set[int] = set()
    at = 0
    for index, text in enumerate(texts):
        end = at + len(text)
        if any(start <= at and end <= stop + len(text) and at < stop for start, stop in found):
            places.add(index)
        at = end + 1
    return places


def is_site(text: str) -> bool:
    """Whether the text holds a subtitle site's address."""
    return _SITE.search(text) is not None


def is_credit(text: str) -> bool:
    """Whether films end with such a phrase; people may say it too."""
    return plain(text) in _STOCK or _CREDIT.match(text) is not None
