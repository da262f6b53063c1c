"""A draft as it is shown: the answers so far, on whichever device they were given."""

from typing import Literal

from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.catalogue.wording import Version
from services.trials.domain.testing.drafts import Draft
from shared.base.models import Answer
from shared.programme.moments import LocalTime


class DraftView(Answer):
    """A pupil's answers so far."""

    participant: str
    """Id of the pupil: where the named entry was merged into another one, that one's."""
    diagnostic: str
    """Code of the diagnostic."""
    version: Version | None
    """The version of the items' words that the pupil has; null where nobody said."""
    begun_at: LocalTime
    """The first save, on the region's clock."""
    saved_at: LocalTime
    """The last save."""
    ends_at: LocalTime | None
    """When the time for answering is over; null where there is no limit."""
    answers: dict[str, str]
    """Item → option, by their codes."""
    left: int
    """The number of items that are not answered yet, of those that the version asks."""

    @classmethod
    def of(cls, draft: Draft, instrument: Instrument, participant: str) -> "DraftView":
        """Shows a draft of an instrument's answers."""
        return cls(
            participant=participant,
            diagnostic=draft.diagnostic,
            version=draft.version,
            begun_at=draft.begun,
            saved_at=draft.saved,
            ends_at=draft.ends(instrument),
            answers={code: answer.option for code, answer in draft.answers.items()},
            left=sum(code not in draft.answers for code in instrument.asked(draft.version)),
        )


class GivenUpAnswer(Answer):
    """A draft that was given up."""

    participant: str
    """Id of the pupil."""
    diagnostic: str
    """Code of the diagnostic, which can be begun anew."""
    status: Literal["given-up"] = "given-up"
    """Always `given-up`."""
