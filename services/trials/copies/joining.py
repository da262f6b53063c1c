"""One pupil out of one entry or several: what the service knows of all of them together (ADR 21). Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.trials.copies.participants import Entry, Lapse, Participant
from shared.programme.merging import Words, duplicates_of, survivor_of

Barrier = Literal["consent", "archived"]


@dataclass(frozen=True, slots=True)
class Joined:
    """A pupil, and the entries that make it.

    Place, consent, archive and cabinets are those that the survivor says: registration gives it what only a duplicate
    had, and closes it there alone, so that a duplicate's own cabinets may say what holds no longer.
    """

    pupil: Participant
    """The survivor, who takes part in the seasons of all."""
    duplicates: tuple[Participant, ...] = ()
    named: tuple[Participant, ...] = ()
    """All entries that one of them names, also those that were parted since."""

    @property
    def ids(self) -> list[str]:
        """The ids of the entries, the survivor's first."""
        return [self.pupil.id, *(entry.id for entry in self.duplicates)]

    @property
    def seasons(self) -> set[str]:
        """The seasons in which an entry may have a path, also since it was joined to one that is parted by now."""
        return {season for entry in (self.pupil, *self.named) for season in entry.seasons}

    @property
    def changed_at(self) -> datetime | None:
        """The time of the last merging or parting, by whichever of both sides has been heard; None for one entry."""
        own = [word.time for word in self.pupil.mergings]
        others = [word.time for entry in self.named for word in entry.mergings if word.other == self.pupil.id]
        return max([*own, *others], default=None)

    def barred(self, entry: str, begins: datetime, ends: datetime) -> Lapse | None:
        """Returns the first time without consent or in the archive that meets one in which an entry held a seat.

        Until the merging a duplicate held its seats by its own consent; since then the survivor's counts.
        """
        return next((lapse for lapse in self._barred(entry) if lapse.meets(begins, ends)), None)

    def barred_from(self, entry: str, begins: datetime, ends: datetime) -> tuple[Lapse, Barrier] | None:
        """Returns the same time as `barred`, with what is missing in it."""
        lapse = self.barred(entry, begins, ends)
        if lapse is None:
            return None
        absent = any(lapse in one.absences for one in (self.pupil, *self.duplicates))
        return lapse, "archived" if absent else "consent"

    def unconsented(self, entry: str, time: datetime) -> bool:
        """Tells whether a step of an entry happened in a time without consent after one; as `barred`, without archive.

        Only what is known of withdrawals and terms counts: a step from before the first consent was judged when it was
        taken.
        """
        return any(lapse.meets(time, time) for lapse in self.lapses(entry))

    def lapses(self, entry: str) -> list[Lapse]:
        """Returns the times without consent after one that hold for an entry."""
        merged_at, duplicate = self._joined_as(entry)
        lapses = [*self.pupil.lapses]
        if duplicate is not None and merged_at is not None:
            return [*duplicate.lapses, *_since(merged_at, lapses, duplicate)]
        return lapses

    def _joined_as(self, entry: str) -> tuple[datetime | None, Participant | None]:
        """Returns when an entry was joined as a duplicate, and which one it is; None for the survivor."""
        merged_at = next((word.time for word in self.pupil.mergings if word.other == entry), None)
        return merged_at, next((one for one in self.duplicates if one.id == entry), None)

    def _barred(self, entry: str) -> Iterator[Lapse]:
        merged_at, duplicate = self._joined_as(entry)
        if duplicate is None or merged_at is None:
            yield from self.pupil.lapses
            yield from self.pupil.absences
            return
        yield from self.lapses(entry)
        yield from duplicate.absences
        yield from (lapse for lapse in self.pupil.absences if lapse.begins >= merged_at)


def _since(merged_at: datetime, lapses: Iterable[Lapse], duplicate: Participant) -> Iterator[Lapse]:
    """Yields the part of a survivor's times without consent that lies behind a merging.

    A withdrawal from before it holds for the duplicate, too, unless the duplicate's consent was given later: that one
    becomes the survivor's, by an event that may be still on its way.
    """
    given = [change.time for change in duplicate.consent_changes if change.given] if duplicate.consent else []
    for lapse in lapses:
        if lapse.begins >= merged_at:
            yield lapse
        elif (lapse.ends is None or lapse.ends > merged_at) and not any(time > lapse.begins for time in given):
            yield Lapse(merged_at, lapse.ends)


def joined(ids: Iterable[str], entries: Mapping[str, Participant]) -> dict[str, Joined]:
    """Returns the pupil of each entry that is known, all of them read with those that they name."""
    words = {id: entry.mergings for id, entry in entries.items() if entry.mergings}
    known = [id for id in ids if id in entries]
    return {id: _joined(survivor_of(id, words), words, entries) if id in words else Joined(entries[id]) for id in known}


def _joined(id: str, words: Mapping[str, Words], entries: Mapping[str, Participant]) -> Joined:
    survivor = entries[id]
    duplicates = tuple(entries[other] for other in duplicates_of(id, words))
    others = dict.fromkeys(word.other for entry in (survivor, *duplicates) for word in entry.mergings)
    named = tuple(entries[other] for other in others if other in entries and other != id)
    return Joined(_in_all_seasons(survivor, duplicates), duplicates, named)


def _in_all_seasons(survivor: Participant, duplicates: tuple[Participant, ...]) -> Participant:
    """Returns the survivor with the seasons of all, and since when one of them had a consent.

    Of one season the earliest registration counts.
    """
    if not duplicates:
        return survivor
    seasons: dict[str, Entry] = dict(survivor.seasons)
    for duplicate in duplicates:
        for season, entry in duplicate.seasons.items():
            seasons[season] = min(seasons.get(season, entry), entry, key=lambda one: one.time)
    given = [change.time for one in duplicates for change in one.consent_changes if change.given]
    return survivor.model_copy(update={"seasons": seasons, "consented_elsewhere": min(given, default=None)})
