"""A leave to repeat a diagnostic, as it is answered."""

from typing import Literal

from shared.base.models import Answer


class RepeatAnswer(Answer):
    """A leave for one more attempt."""

    participant: str
    """Id of the pupil: where the named entry was merged into another one, that one's."""
    diagnostic: str
    """Code of the diagnostic."""
    round: int
    """The round in which it may be taken."""
    status: Literal["allowed", "known"]
    """`allowed` now, or `known` where the pupil has an attempt left, by the rules or by an earlier leave."""
