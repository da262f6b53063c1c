"""The trials service: its parts put together, and its process."""

import secrets
from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from services.trials.api import (
    advice,
    applications,
    attempts,
    attendance,
    bookings,
    competencies,
    diagnostics,
    drafts,
    feedback,
    lessons,
    links,
    needs,
    passes,
    paths,
    payment_acts,
    pictures,
    placements,
    programmes,
    quotas,
    rates,
    repeats,
    seasons,
    slots,
    suggestions,
    timetable,
    timetable_rules,
    venues,
    waiting,
)
from services.trials.collections import COLLECTIONS
from services.trials.consumers import PARTICIPANTS_GROUP, consumers
from services.trials.fillers import Fillers
from services.trials.followers import Followers
from services.trials.former_bookings import count_former
from services.trials.handlers.allowances import allowance
from services.trials.handlers.bookings import queue
from services.trials.handlers.restoration import Restorer
from services.trials.handlers.restored_copies import RestoredCopies
from services.trials.passes import Passes
from services.trials.reads.advice import AdviceReads
from services.trials.reads.applications import ApplicationReads
from services.trials.reads.catalogue import CatalogueReads
from services.trials.reads.diagnostics import DiagnosticReads
from services.trials.reads.drafts import DraftReads
from services.trials.reads.links import LinkReads
from services.trials.reads.needs import NeedsReads
from services.trials.reads.open_slots import OpenSlots
from services.trials.reads.paths import PathReads
from services.trials.reads.payment_acts import PaymentReads
from services.trials.reads.quotas import QuotaReads
from services.trials.reads.reviews import ReviewReads
from services.trials.reads.suggestions import SuggestionReads
from services.trials.reads.waiting import WaitingReads
from services.trials.repository import Repository
from services.trials.respelling import respell
from shared.http import losses
from shared.messaging.offsets import StoredOffsets
from shared.runtime.process import main
from shared.runtime.service import Platform, Service, Upgrade

__all__ = ["COLLECTIONS", "LATER_UPGRADES", "UPGRADES", "build"]
UPGRADES: Sequence[Upgrade] = (respell,)
LATER_UPGRADES: Sequence[Upgrade] = (count_former,)
"""Whose a booking is, the copies of pupils say, which this release fills anew."""


def new_id() -> str:
    """Returns a random id of 16 characters (96 bits)."""
    return secrets.token_urlsafe(12)


def build(platform: Platform) -> Service:
    """Builds the service: an API, a worker for registration's two topics, and a relay with the loops of bookings."""
    repository = Repository(platform.mongo, platform.outbox)
    fillers = Fillers(platform.lease("fillers"), repository, platform.clock, new_id)
    return Service(
        platform,
        routers=_routers(platform, repository),
        workers={"worker": consumers(platform, repository, new_id)},
        loops={"relay": [platform.relay(), Followers(platform.lease("followers"), repository), fillers]},
        restorer=_restorer(platform, repository),
    )


def _restorer(platform: Platform, repository: Repository) -> Restorer:
    group = platform.settings.kafka_topic_prefix + PARTICIPANTS_GROUP
    copies = RestoredCopies(repository, platform.settings, StoredOffsets(platform.mongo, group))
    return Restorer(repository, copies, new_id)


def _suggestions(platform: Platform, repository: Repository) -> SuggestionReads:
    free = partial(allowance, repository)
    return SuggestionReads(platform.mongo, repository, OpenSlots(platform.mongo, repository), free)


def _routers(platform: Platform, repository: Repository) -> Sequence[APIRouter]:
    clock, catalogue = platform.clock, CatalogueReads(platform.mongo)
    instruments = DiagnosticReads(platform.mongo, repository)
    advised = AdviceReads(platform.mongo, repository)
    signed, seats = Passes(platform.settings.master_key), queue(repository, new_id)
    payments = PaymentReads(platform.mongo)
    return [
        seasons.routes(repository, catalogue, clock),
        diagnostics.routes(repository, catalogue, instruments),
        competencies.routes(repository, catalogue, clock),
        programmes.routes(repository, catalogue, clock),
        venues.routes(repository, catalogue, clock),
        applications.routes(repository, ApplicationReads(platform.mongo, repository), clock),
        slots.routes(repository, catalogue, clock, new_id),
        timetable.routes(repository, clock),
        timetable_rules.routes(repository, clock, new_id),
        attempts.routes(repository, instruments, clock, new_id),
        drafts.routes(repository, DraftReads(platform.mongo, repository), clock),
        repeats.routes(repository, clock),
        bookings.routes(repository, seats, clock),
        placements.routes(repository, seats, clock, new_id),
        needs.routes(repository, NeedsReads(platform.mongo, repository), clock),
        waiting.routes(repository, WaitingReads(platform.mongo, repository), clock),
        quotas.routes(repository, QuotaReads(platform.mongo, repository), clock, new_id),
        attendance.routes(repository, signed, clock, new_id),
        feedback.routes(repository, ReviewReads(platform.mongo, repository), clock, new_id),
        lessons.routes(repository, clock, new_id),
        passes.routes(repository, signed),
        suggestions.routes(_suggestions(platform, repository), clock),
        rates.routes(repository, payments, clock),
        payment_acts.routes(repository, payments, clock, new_id),
        links.routes(LinkReads(repository)),
        pictures.routes(),
        paths.routes(PathReads(platform.mongo, repository, advised)),
        advice.routes(repository, advised),
        losses.routes("trials", platform.mongo),
    ]


if __name__ == "__main__":
    main("trials", build)
