"""Use case: a venue opens the slots of a rule, in bounded transactions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from services.trials.domain.timetable.slots import Schedule, Slot, SlotOffer
from services.trials.domain.timetable.timetable_rules import TimetableRule
from services.trials.handlers.slots import SlotRequest, load, open_slots
from services.trials.repository import Repository
from shared.http.batch import Item, Outcome
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction

CHUNK = 100
"""Slots of one transaction."""
Opened = tuple[SlotOffer, Outcome[Slot]]


class RuledOffer(Item[SlotOffer]):
    """One of the slots of a rule, with whose words it is refused; its start follows from several of them."""

    def pointer(self, word: str) -> str:
        """As of a field of the rule."""
        return "" if word == "starts_at" else super().pointer(word)


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """A rule, and the request for no slot yet: by whom, for which venue and season."""

    rule: TimetableRule
    request: SlotRequest


async def open_by_rule(repository: Repository, of: RuleRequest, new_id: NewId) -> Sequence[Opened]:
    """Returns each slot of a rule with its outcome, in the order of their starts; raises as `open_slots` does.

    Slots of earlier transactions stay where a later one fails: the same rule again goes on.
    """
    schedule = await repository.transact(partial(_schedule, repository, of.request, new_id))
    of.rule.must_fit(schedule.season, schedule.venue.terms_in(schedule.season.id))
    offers, opened = list(of.rule.offers(schedule.local)), list[Opened]()
    for begin in range(0, len(offers), CHUNK):
        some = offers[begin : begin + CHUNK]
        request = replace(of.request, items=[RuledOffer("", offer) for offer in some])
        opened += zip(some, await open_slots(repository, request, new_id), strict=True)
    return opened


async def _schedule(repository: Repository, request: SlotRequest, new_id: NewId, tx: Transaction) -> Schedule:
    return (await load(repository, request, new_id, tx)).schedule
