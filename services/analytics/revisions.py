"""Closed seasons: they stand as they were told at the closing, but for the corrections of published revisions. Pure.

What was recorded decides, and not what happened when: so whoever replays the events comes to the same figures. Moves,
registrations and cabinets that are told after the closing are life that goes on, and count in no figure of the season.
What takes back a step, a recommendation that follows, a merging, a parting, an archiving and a restoring are
corrections: they count from the first revision on that was published after them. Steps need no judgement, since trials
records none once the season is closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from msgspec.structs import replace

from services.analytics.facts import Pupil, Recorded, SeasonFacts


@dataclass(frozen=True, slots=True)
class Limit:
    """The instants up to which what was recorded counts in a closed season."""

    closed: Recorded
    """For what is said of a pupil: the closing."""
    revised: Recorded
    """For corrections: the last revision, or the closing before the first one."""

    @classmethod
    def of(cls, season: Mapping[str, Any]) -> "Limit | None":
        """Returns the limit of a season's row; None while it is open."""
        return cls(season["closed"], season["revised"]) if season.get("closed") else None


def standing(pupil: Pupil, limit: Limit | None) -> Pupil:
    """Returns a pupil's facts as they count in a season with a limit; all of them while it is open."""
    if limit is None or _last_recorded(pupil) <= limit.closed:
        return pupil
    told = {sequence for sequence, at in pupil.recorded.items() if at > limit.closed}
    left_out = {sequence for sequence in told if pupil.recorded[sequence] > limit.revised}
    return Pupil(
        seasons={code: _standing(facts, facts.entered in told, limit.revised) for code, facts in pupil.seasons.items()},
        moves={placed: place for placed, place in pupil.moves.items() if placed[1] not in told},
        cabinets={sequence: cabinet for sequence, cabinet in pupil.cabinets.items() if sequence not in told},
        archived={sequence: reason for sequence, reason in pupil.archived.items() if sequence not in left_out},
        words={said: role for said, role in pupil.words.items() if said[1] not in left_out},
    )


def _last_recorded(pupil: Pupil) -> Recorded:
    of_seasons = (chain(facts.taken_back.values(), facts.issued.values()) for facts in pupil.seasons.values())
    return max(chain(pupil.recorded.values(), *of_seasons), default="")


def _standing(facts: SeasonFacts, is_entered_late: bool, revised: Recorded) -> SeasonFacts:
    """Returns the facts of a season without what was entered too late, and without corrections of a later revision."""
    stands = {id for id, at in facts.taken_back.items() if at > revised}
    left = replace(
        facts,
        undone=facts.undone - stands,
        cancelled=facts.cancelled - stands,
        revoked=facts.revoked - stands,
        withdrawn=facts.withdrawn - stands,
        recommended={id: day for id, day in facts.recommended.items() if facts.issued.get(id, "") <= revised},
    )
    return replace(left, place=None, registered=None, entered="") if is_entered_late else left


def may_differ(pupil: Pupil, season: str, old: Limit | None, new: Limit | None) -> bool:
    """Tells that a pupil of one entry may add something else to a season's figures under another limit.

    With a revision come corrections alone, and with a closing that is heard behind it whatever was told since. In the
    year after a closing nearly every pupil has moved on; few were corrected.
    """
    if new is None or old == new:
        return True
    if old is None or new.closed < old.closed:
        return _last_recorded(pupil) > new.closed
    facts = pupil.seasons[season]
    corrected = chain(
        facts.taken_back.values(), facts.issued.values(), (pupil.recorded.get(s, "") for s in pupil.archived)
    )
    return max(corrected, default="") > old.revised
