"""Seasons as events of before tell of them, for a database that knows an earlier time. Pure."""

from services.trials.domain.calendar.season_revisions import Revision
from services.trials.domain.calendar.season_terms import Terms, TermsVersion
from services.trials.domain.calendar.seasons import Season
from shared.contracts.event import Envelope
from shared.contracts.revisions import SeasonCorrected
from shared.contracts.terms import SeasonRevised
from shared.contracts.trials import SeasonClosed, SeasonDefined, SeasonEvent


def told(known: Season | None, envelope: Envelope, event: SeasonEvent) -> Season:
    """Returns a season as one of its events leaves it; raises ValueError for one that is not defined."""
    match event:
        case SeasonDefined():
            return defined(known, envelope, event)
        case SeasonClosed() if known is not None:
            return closed(known, envelope)
        case SeasonCorrected() if known is not None:
            return corrected(known, envelope)
        case SeasonRevised() if known is not None:
            return revised(known, envelope, event)
    raise ValueError(f"{event.type} of season {event.season}, which is not defined")


def defined(known: Season | None, envelope: Envelope, event: SeasonDefined) -> Season:
    """Returns a season as it is told."""
    said = event.model_dump(exclude={"season"}) | {"opens": str(event.opens), "closes": str(event.closes)}
    said |= {"second_round": {"opens": str(event.second_round)} if event.second_round else None}
    kept = known.model_dump(include={"in_use", "closed_at", "advised", "versions", "revisions"}) if known else {}
    return Season(id=event.season, sequence=int(envelope.sequence), **kept, **said)


def closed(known: Season, envelope: Envelope) -> Season:
    """Returns a season as its closing leaves it."""
    return known.model_copy(update={"sequence": int(envelope.sequence), "closed_at": envelope.time})


def revised(known: Season, envelope: Envelope, event: SeasonRevised) -> Season:
    """Returns a season with the terms that are told for a day and those that follow."""
    terms = Terms.model_validate_json(event.model_dump_json(include=set(Terms.model_fields)))
    version = TermsVersion(since=event.since, set_at=envelope.time, terms=terms)
    update = {"sequence": int(envelope.sequence), "versions": (*known.versions, version)}
    return known.model_copy(update=update)


def corrected(known: Season, envelope: Envelope) -> Season:
    """Returns a season with one more revision; its reason is in no event."""
    revisions = (*known.revisions, Revision(reason=None, time=envelope.time))
    return known.model_copy(update={"sequence": int(envelope.sequence), "revisions": revisions})
