"""The topics that trials reads, and what it learns from them: pupils and organisations, and what follows for paths."""

from collections.abc import Sequence
from functools import partial

from services.trials.copies.learning import learnt
from services.trials.copies.participants import Participant
from services.trials.handlers import erasures, following
from services.trials.repository import Repository
from shared.contracts import guardians, registration
from shared.contracts.event import ParticipantEvent
from shared.contracts.organisations import OrganisationClosed, OrganisationDefined
from shared.contracts.registration import (
    ConsentGiven,
    ConsentWithdrawn,
    ParticipantArchived,
    ParticipantErased,
    ParticipantRegistered,
)
from shared.contracts.staff import StaffExcluded, StaffReadmitted
from shared.contracts.targets import TargetSet
from shared.contracts.topics import REGISTRATION_CATALOGUE, REGISTRATION_EVENTS
from shared.messaging.consumer import BatchConsumer
from shared.messaging.events import Events
from shared.messaging.poll import Received
from shared.runtime.service import Platform
from shared.storage.decision import NewId
from shared.storage.exclusions import Exclusions
from shared.storage.mongo import Transaction

PARTICIPANTS_GROUP = "trials.participants.2"
PUPILS = Events.of(
    [
        registration.ParticipantRegistered,
        registration.ParticipantMoved,
        registration.ParticipantPromoted,
        registration.ParticipantMerged,
        registration.ParticipantUnmerged,
        registration.ParticipantArchived,
        registration.ParticipantRestored,
        registration.ParticipantErased,
        registration.ConsentGiven,
        registration.ConsentWithdrawn,
        registration.AccountLinked,
        registration.AccountUnlinked,
        registration.GuardianLinked,
        registration.GuardianUnlinked,
        guardians.GuardianErased,
    ]
)


def consumers(platform: Platform, repository: Repository, new_id: NewId) -> Sequence[BatchConsumer]:
    """Returns the consumers of registration's two topics."""
    defined = platform.catalogue(
        "trials.organisations",
        [REGISTRATION_CATALOGUE.name],
        partial(organisations, repository, Exclusions(platform.mongo)),
        Events.of([OrganisationDefined, OrganisationClosed, StaffExcluded, StaffReadmitted], ignored=[TargetSet]),
    )
    told = platform.consumer(
        PARTICIPANTS_GROUP,
        [REGISTRATION_EVENTS.name],
        partial(participants, repository, new_id),
        events=PUPILS,
    )
    told.catch_up.is_shown_whole = True
    return [defined, told]


async def participants(repository: Repository, new_id: NewId, received: Sequence[Received], tx: Transaction) -> None:
    """Brings the copies of the poll's pupils up to date; what is known already changes nothing.

    The paths of those follow who were archived, or whose consent has lapsed once and changes again, and of all who were
    ever merged with another.
    """
    facts = [r.envelope for r in received if isinstance(r.event, ParticipantEvent)]
    known = await repository.copies.participants((fact.event.key for fact in facts), tx)
    changed = [pupil for id, pupil in learnt(known, facts).items() if pupil is not known.get(id)]
    await repository.copies.keep(changed, tx)
    asked = {fact.event.key for fact in facts if isinstance(fact.event, ConsentGiven | ConsentWithdrawn)}
    away = {fact.event.key for fact in facts if isinstance(fact.event, ParticipantArchived | ParticipantErased)}
    led = [one for one in changed if one.id in away or one.mergings or (one.id in asked and _may_lack_consent(one))]
    if led:
        await following.follow(repository, led, new_id, tx)
    await erasures.answer_for_guardians(repository, facts, known, tx)
    await erasures.answer(repository, facts, known, tx)
    await repository.mark_in_use({r.event.season for r in received if isinstance(r.event, ParticipantRegistered)}, tx)


def _may_lack_consent(pupil: Participant) -> bool:
    """Tells whether a step may have been taken without consent; a first one for a term leaves nothing behind it."""
    is_first = len(pupil.consent_changes) == 1 and pupil.consent_changes[0].given
    return not is_first and any(pupil.lapses)


async def organisations(
    repository: Repository, exclusions: Exclusions, received: Sequence[Received], tx: Transaction
) -> None:
    """Brings the copies of the poll's organisations up to date, with who was put out of them.

    The newest definition holds, and venues go along.
    """
    await exclusions.learn((r.envelope for r in received), tx)
    said = await repository.copies.register.apply([r.envelope for r in received], tx)
    await repository.copies.venues_go({entry.id for entry in said}, tx)
