"""The packed form of a pupil's facts, in which they are kept in hand and stored. Pure."""

from msgspec.msgpack import Decoder, Encoder

from services.analytics.facts import Pupil

APART = b""
"""In place of the facts of an entry that has said something of another one: they are in a row of their own since."""
packed = Encoder().encode
"""Returns the packed form of a pupil's facts; raises OverflowError or UnicodeEncodeError where they have none."""
unpacked = Decoder(Pupil).decode
"""Returns the facts in a packed form."""
