"""The owners' topics as the live figures have read them, written down for a recount: the catalogue, then the facts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from services.analytics.verification.live import Reader
from services.analytics.verification.logs import Histories, Read
from services.analytics.verification.pupils import connected
from services.analytics.verification.rows import cell
from services.analytics.verification.scratch import Scratch
from services.analytics.verification.seasons import Season
from services.analytics.verification.told import MERGINGS, Fact, fact_of
from services.analytics.verification.verdict import LeftOut
from shared.contracts.event import Event
from shared.contracts.quotas import QuotaMoved
from shared.contracts.trials import SeasonEvent
from shared.messaging.poll import text_of

A_TIME = 20_000
"""Facts that are kept in memory before they are written down together."""
SEASONAL, RESERVED = 1, 2
"""The readers of a fact: the figures of seasons, and those of reservations."""


@dataclass(slots=True)
class Catalogue:
    """The part of the catalogue that figures depend on."""

    seasons: dict[str, Season] = field(default_factory=dict)
    given: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Entry of the ledger of quotas → its cell and units; one that is told again is there already."""


class Reading:
    """One reading of both parts; what has had no effect on the figures is named."""

    def __init__(self, histories: Histories, scratch: Scratch) -> None:
        self.left_out: list[LeftOut] = []
        self._histories, self._scratch = histories, scratch

    async def catalogue(self, reader: Reader) -> Catalogue:
        """Reads the seasons, and what was given on of quotas."""
        found = Catalogue()
        for partition, end in sorted(reader.next.items()):
            async for one in self._histories.records(reader.group, partition, end):
                if not self._effects(partition, one, {SEASONAL: reader}) or one.envelope is None:
                    continue
                event: Event = one.envelope.event
                if isinstance(event, SeasonEvent):
                    found.seasons.setdefault(event.season, Season(event.season)).hear(one.envelope)
                elif isinstance(event, QuotaMoved):
                    row = "given", event.season, event.region, "", event.organisation
                    of = event.giver, event.venue or "", event.entry
                    name = cell((*row, *of), one.envelope.day.isoformat())
                    found.given.setdefault(event.entry, (name, event.amount))
        found.seasons = {code: season for code, season in found.seasons.items() if season.is_defined}
        return found

    async def facts(self, views: Reader, reserved: Reader, seasons: Collection[str]) -> None:
        """Writes down the facts of pupils; each of both groups has handled its own part of them."""
        merged: set[tuple[str, str]] = set()
        for partition, end in ends(views, reserved).items():
            kept: list[tuple[int, Fact]] = []
            async for one in self._histories.records(views.group, partition, end):
                effects = self._effects(partition, one, {SEASONAL: views, RESERVED: reserved})
                fact = fact_of(one.envelope) if effects and one.envelope else None
                if fact is None:
                    continue
                if effects & SEASONAL and fact.season not in {None, *seasons}:
                    self._name(views, partition, one, f"season {fact.season} is not in the catalogue")
                    effects -= SEASONAL
                kept.append((effects, fact))
                if fact.type in MERGINGS:
                    merged.add((fact.participant, fact.said["other"]))
                if len(kept) >= A_TIME:
                    self._scratch.keep(kept)
                    kept.clear()
            self._scratch.keep(kept)
        groups = connected({id for pair in merged for id in pair}, merged)
        self._scratch.relate({id: group[0] for group in groups for id in group})

    def _effects(self, partition: TopicPartition, one: Read, readers: Mapping[int, Reader]) -> int:
        """Returns the sum of the readers on whose figures a record has had its effect; names the others."""
        effects = 0
        for number, reader in readers.items():
            if one.offset >= reader.next.get(partition, 0):
                continue
            if why := reader.left_out.get(text_of((*partition, one.offset))) or one.reason:
                self._name(reader, partition, one, why)
            else:
                effects += number
        return effects

    def _name(self, reader: Reader, partition: TopicPartition, one: Read, why: str) -> None:
        self.left_out.append(LeftOut(reader.group, text_of((*partition, one.offset)), why))


def ends(views: Reader, reserved: Reader) -> Mapping[TopicPartition, int]:
    """Returns how far the facts are to be read, by partition."""
    both = views.next, reserved.next
    return {at: max(next_.get(at, 0) for next_ in both) for at in sorted({*both[0], *both[1]})}
