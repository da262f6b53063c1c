"""Opinions of attendances, as they are shown: to who said it, to the family, and to a venue without whose it is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self, TypeAlias

from services.trials.domain.path.path_parts import Attendance, Marks
from services.trials.domain.presence.feedback import Words
from shared.base.models import Answer
from shared.http.paging import Page
from shared.programme.moments import LocalTime

FEWEST = 5
"""Pupils who gave stars, before a venue reads anything of them: of fewer it would know whose each is."""


class Given(NamedTuple):
    """Stars of one attendance."""

    participant: str
    stars: int


GivenTo: TypeAlias = Mapping[str | None, Mapping[str, Sequence[Given]]]
"""The stars of a venue, by programme and slot."""


class FeedbackView(Answer):
    """The mentor's marks of an attendance."""

    attendance: str
    """Id of the attendance."""
    feedback: Marks | None
    """The marks that hold; null while there are none."""

    @classmethod
    def of(cls, attendance: Attendance) -> "FeedbackView":
        """Shows an attendance's marks."""
        return cls(attendance=attendance.id, feedback=attendance.feedback)


class ReviewView(Answer):
    """A pupil's review of an attendance, for the family alone."""

    attendance: str
    """Id of the attendance."""
    stars: int | None
    """1 to 5; null while there are none."""
    words: str | None
    """In the pupil's own words; null where none were said, or where they were lost or destroyed."""
    time: LocalTime | None
    """When the stars were given, on the region's clock; null while there are none."""
    revision: int
    """The number of the stars that hold: each that takes another's place counts on; 0 while there are none."""

    @classmethod
    def of(cls, attendance: Attendance, words: Words | None) -> "ReviewView":
        """Shows an attendance's stars with the words."""
        known = attendance.review if attendance.revoked is None else None
        return cls(
            attendance=attendance.id,
            stars=known and known.stars,
            words=words.words if known and words else None,
            time=known and known.time,
            revision=known.revision if known else 0,
        )


class StarsView(Answer):
    """The stars that pupils gave, without whose they are."""

    givers: int
    """The number of pupils who gave stars."""
    average: float | None
    """The mean of the stars, to a tenth; null for fewer than five pupils. The stars of slots with fewer than five count
    where these are five together: nobody reckons theirs from this mean and those of the other slots."""


class ProgrammeStars(StarsView):
    """The stars of a venue's slots of one trial programme."""

    programme: str | None
    """Code of the programme; null for slots that name none."""
    programme_name: str | None
    """Name of the programme, in Russian."""


class VenueStars(StarsView):
    """The stars of all of a venue's slots in a season."""

    venue: str
    """Code of the venue."""
    venue_name: str | None
    """Name of the venue, in Russian."""
    season: str
    """Code of the season."""
    programmes: list[ProgrammeStars]
    """The same by programme. The stars that count in no programme's mean count in the venue's where they are of five
    pupils together."""

    @classmethod
    def of(cls, given: GivenTo, called: Mapping[str, str | None], **of: Any) -> Self:
        """Shows the stars of a venue, whose programmes' names are given; `of` says of which venue and season."""
        parts = {code: _parted(slots.values()) for code, slots in given.items()}
        programmes = [
            ProgrammeStars(programme=code, programme_name=code and called.get(code), **_mean(*parts[code]))
            for code in sorted(given, key=lambda code: code or "")
        ]
        whole = _parted(part for both in parts.values() for part in both)
        return cls(programmes=programmes, **_mean(*whole), **of)


class VenueStarsPage(Page[VenueStars]):
    """Venues by their codes, those without stars too."""


def _parted(groups: Iterable[Sequence[Given]]) -> tuple[list[Given], list[Given]]:
    """Returns the stars that count in the mean of groups, and those that do not: of too few, even together.

    The means of larger groups are read beside it, and would tell by the difference the stars of the smaller ones.
    """
    counted: list[Given] = []
    left: list[Given] = []
    for group in groups:
        (counted if _givers(group) >= FEWEST else left).extend(group)
    return (counted + left, []) if _givers(left) >= FEWEST else (counted, left)


def _givers(given: Iterable[Given]) -> int:
    return len({one.participant for one in given})


def _mean(counted: Sequence[Given], left: Sequence[Given]) -> dict[str, Any]:
    stars = [one.stars for one in counted]
    return {
        "givers": _givers([*counted, *left]),
        "average": round(sum(stars) / len(stars), 1) if stars else None,
    }


class SlotReviewsView(Answer):
    """The pupils' reviews of a slot, without whose they are."""

    slot: str
    """Id of the slot."""
    givers: int
    """The number of pupils who gave stars."""
    average: float | None
    """The mean of the stars, to a tenth; null for fewer than five pupils."""
    words: list[str]
    """Their words in the order of the alphabet, for the venue alone; none for fewer than five pupils who gave stars."""

    @classmethod
    def of(cls, slot: str, stars: Sequence[int], words: Sequence[str]) -> "SlotReviewsView":
        """Shows the reviews of a slot, where there are enough of them."""
        if len(stars) < FEWEST:
            return cls(slot=slot, givers=len(stars), average=None, words=[])
        return cls(slot=slot, givers=len(stars), average=round(sum(stars) / len(stars), 1), words=sorted(words))
