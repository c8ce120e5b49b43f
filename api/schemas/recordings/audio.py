"""What goes in and out as JSON for the sound of a session."""

from marshmallow import Schema, fields, validate

from shared.domain.transcripts.waveform import MOST_POINTS

USUAL_POINTS = 1000


class WaveformQuerySchema(Schema):
    """How finely the waveform is wanted."""

    points = fields.Integer(
        load_default=USUAL_POINTS,
        validate=validate.Range(min=1, max=MOST_POINTS),
        metadata={"description": "The most points that the answer may have, each a pair of numbers."},
    )


class WaveformSchema(Schema):
    """Version 2 of BBC audiowaveform's JSON. ``data`` holds the lowest and the highest sample of each
    point in turn."""

    version = fields.Integer()
    channels = fields.Integer(metadata={"description": "Always 1: all channels are drawn as one."})
    sample_rate = fields.Integer()
    samples_per_pixel = fields.Integer()
    bits = fields.Integer()
    length = fields.Integer(metadata={"description": "How many points there are."})
    data = fields.List(fields.Integer(validate=validate.Range(min=-128, max=127)))
