"""What goes in and out as JSON for the words of a therapist."""

from marshmallow import Schema, fields, validate

from shared.schemas.fields import Text, YesNo
from shared.services.engines.practice_engines import LONGEST_WORD, MOST_WORDS


class WordOfferSchema(Schema):
    """A word that you corrected twice or more in the same way."""

    id = fields.String(metadata={"description": "What to accept or dismiss it by."})
    heard = fields.String(metadata={"description": "What the engine wrote."})
    word = fields.String(metadata={"description": "What you wrote in its place."})
    times = fields.Integer()


class VocabularySchema(Schema):
    """The words that your recordings are to expect."""

    words = fields.List(fields.String(), metadata={"description": "Your own."})
    practice = fields.List(fields.String(), metadata={"description": "Those of the practice, for everybody."})
    offers = fields.List(
        fields.Nested(WordOfferSchema),
        metadata={
            "description": "What your latest 100 corrected sessions suggest; nothing is added by itself."
        },
    )


class VocabularyChangeSchema(Schema):
    """Your own words, in the place of those there are."""

    words = fields.List(Text(LONGEST_WORD), required=True, validate=validate.Length(max=MOST_WORDS))


class WordAnswerSchema(Schema):
    """Whether an offered word is to be expected."""

    offer = Text(100, required=True, metadata={"description": "The `id` of the offer."})
    accept = YesNo(required=True)
