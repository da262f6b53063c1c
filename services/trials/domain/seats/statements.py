"""Statements of the needs of a pupil: by a guardian, or by the school with a signed consent to that alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator

from services.trials.copies.joining import Joined
from services.trials.domain.places.needs import Need, each_once
from services.trials.domain.places.programmes import Programme
from services.trials.domain.places.venue_terms import UNSTATED, VenueTerms
from services.trials.domain.places.venues import Venue
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import BadInput, Conflict
from shared.base.models import Count, Input
from shared.identity.acting import Actor, changed
from shared.programme.moments import Moment
from shared.programme.texts import Digest, Ref


class NeedsCommand(Input):
    """All that a pupil needs of a place; it takes the place of what was stated before."""

    needs: Annotated[tuple[Need, ...], Count(1, 5), AfterValidator(each_once)]
    """The needs, each once; whoever has none any more takes the statement back."""
    template: Digest | None = None
    """SHA-256 of the text of the purpose `health` that was consented to, 64 hexadecimal digits; staff always say it."""
    register_number: Ref | None = None
    """Number under which the school keeps the signed consent; staff always say it."""
    occurred_at: Moment | None = None
    """When it was stated or signed; staff alone say so."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The needs stated of one entry; of joined entries the one said last holds."""

    entry: str
    needs: Sequence[Need]
    time: datetime
    template: str | None = None
    register_number: str | None = None
    by: Actor | None = None
    """The caller who stated it; it is stored, and not read again."""

    def document(self) -> dict[str, Any]:
        """The row as it is stored."""
        said = {"needs": list(self.needs), "template": self.template, "register_number": self.register_number}
        return {"_id": self.entry, **said, "time": self.time.isoformat(), **changed(self.by)}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Statement":
        """Returns the statement of a stored row."""
        said = {name: row[name] for name in ("template", "register_number")}
        return cls(row["_id"], tuple(row["needs"]), datetime.fromisoformat(row["time"]), **said)


def state(joined: Joined, command: NeedsCommand, is_staff: bool, time: datetime, now: datetime) -> Statement:
    """Returns what is stated of a pupil; raises Conflict where no consent to take part has been in force since then."""
    pupil = joined.pupil
    if is_staff:
        for name in ("template", "register_number"):
            if getattr(command, name) is None:
                raise BadInput.field(name, "is required: staff state needs by a signed consent to that alone")
    if pupil.absence(time, now):
        raise Conflict.about("participant", "the pupil has been in the archive since then", "participant-archived")
    if not pupil.has_consent(time, now):
        raise Conflict.about("participant", "no consent has been in force since then", "consent-missing")
    return Statement(pupil.id, command.needs, time, command.template, command.register_number)


def newest(known: Iterable[Statement]) -> Statement | None:
    """Returns the statement that holds for a pupil with these entries; None where nothing was stated."""
    return max(known, key=lambda one: (one.time, one.entry), default=None)


def in_force(joined: Joined, known: Mapping[str, Statement], now: datetime) -> Statement | None:
    """Returns the statement that holds now; None where the consent to take part has run out since it was made."""
    said = newest(known[entry] for entry in joined.ids if entry in known)
    if said is None or not joined.pupil.consent:
        return None
    return None if any(lapse.meets(said.time, now) for lapse in joined.lapses(said.entry)) else said


def has_lapsed(said: Statement, joined: Joined) -> bool:
    """Tells whether a statement has to go: no consent is in force, or one has ended since it was made."""
    ended = (lapse for lapse in joined.lapses(said.entry) if lapse.ends is not None and lapse.ends > said.time)
    return not joined.pupil.consent or any(ended)


def served(own: Iterable[str], terms: VenueTerms, programme: Programme | None) -> frozenset[str]:
    """Returns the needs that a slot serves by itself or by its programme, as far as the venue does not say otherwise.

    `own` are those that the slot names.
    """
    found = {*own, *(programme.needs if programme else ())}
    return frozenset(found if terms.accessibility is None else found & set(terms.accessibility))


def unmet(needs: Collection[Need], slot: Slot, venue: Venue | None, programme: Programme | None) -> list[Need]:
    """Returns the needs that a slot does not serve, in the order stated."""
    there = served(slot.accessibility, venue.terms_in(slot.season) if venue else UNSTATED, programme)
    return [need for need in needs if need not in there]
