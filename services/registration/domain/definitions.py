"""Definitions of organisations: how an operator enters and changes the register."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.registration.domain.clocks import ClockEntries, Offset, changes_of
from services.registration.domain.organisations import NATION, Organisation, must_be_open
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.base.wording import phrase, worded
from shared.contracts.codes import OrganisationCode
from shared.contracts.organisations import Level, OrganisationDefined, OrganisationKind
from shared.identity.principal import Principal
from shared.programme.clocks import clock_of, first_offset
from shared.programme.legal_entities import Inn, Ogrn
from shared.programme.moments import Moment, happened_at, zone
from shared.programme.texts import Name
from shared.storage.decision import Decision, Happened

FIXED: frozenset[OrganisationKind] = frozenset({"region", "municipality"})
"""Kinds that lie for good where they lie."""
OTHER_CLOCK = "{code} began with another utc_offset, which cannot change: `clocks` says what changed since"
OTHER_PARENT = "{code} has another {field}, which changes by a move alone"
OTHER_FIELD = "{code} has another {field}, which cannot change"
KEPT = ("sequence", "parents", "closed", "carried")
"""The parts of an organisation that no definition says."""


class Definition(Input):
    """An organisation as an operator enters it."""

    kind: OrganisationKind
    """A region, a municipality, or a kind that lies in one; it never changes."""
    name: Name
    """Official name, in Russian."""
    parent: OrganisationCode = NATION
    """Code of the organisation above: `RU` for a region, else a region or a municipality of the register."""
    utc_offset: Offset | None = None
    """`+03:00`, before all changes of the clock: required for a region, said of a municipality that has a clock of its
    own, inherited by all else; it never changes."""
    clocks: ClockEntries | None = None
    """Every change of the clock by law, the earliest first, of a region or of a municipality that has a clock of its
    own, be there none; those that are known stay where it is left out."""
    level: Level | None = None
    """A school's level of the career-guidance minimum: базовый, основной, продвинутый."""
    inn: Inn | None = None
    """ИНН of the legal entity, ten digits; nobody else in the register has it."""
    ogrn: Ogrn | None = None
    """ОГРН of the legal entity, thirteen digits; nobody else in the register has it."""
    occurred_at: Moment | None = None


def define(
    current: Organisation | None, code: str, definition: Definition, parent: Organisation | None, now: datetime
) -> Decision[Organisation]:
    """Enters or changes the organisation; nothing happens where it is so already.

    Raises BadInput where parent, offset, level or time do not fit, Conflict where what identifies it would change, or
    where it or the organisation above is closed.
    """
    wanted = _wanted(code, definition, parent)
    if current is not None:
        wanted = _kept(current, wanted, definition)
        _must_be_the_same(current, wanted)
    time = happened_at(definition.occurred_at, now, zone(wanted.utc_offset))
    if wanted == current:
        return Decision(wanted)
    if current is not None:
        must_be_open(current, "code")
    elif parent is not None:
        must_be_open(parent, "parent")
    return Decision(wanted, (defined(wanted, time),))


def must_be_only(numbers: Mapping[str, str | None], others: Iterable[Organisation], who: Principal) -> None:
    """Raises Conflict where another organisation has one of the numbers; it is named where the caller reaches it."""
    for other in others:
        word = next(name for name, number in numbers.items() if number and getattr(other, name) == number)
        is_named = who.scope.covers(*other.place)
        whose = worded("is {code}'s", code=other.id) if is_named else "is another organisation's"
        raise Conflict.about(word, whose, f"{word}-taken")


def defined(organisation: Organisation, time: datetime) -> Happened:
    """The event that tells an organisation as it is by now."""
    told = organisation.model_dump(include=set(OrganisationDefined.model_fields) - {"utc_offset"})
    first = first_offset(organisation.utc_offset)
    return Happened(OrganisationDefined(code=organisation.id, utc_offset=first, **told), time)


def _wanted(code: str, definition: Definition, parent: Organisation | None) -> Organisation:
    if code.upper() == NATION:
        raise BadInput.field("code", "is the nation's")
    if definition.level is not None and definition.kind != "school":
        raise BadInput.field("level", "only a school has one")
    if definition.clocks is not None and definition.kind not in FIXED:
        raise BadInput.field("clocks", "only a region or a municipality has its own")
    return _region(code, definition) if definition.kind == "region" else _part(code, definition, parent)


def _region(code: str, definition: Definition) -> Organisation:
    if definition.parent != NATION:
        raise BadInput.field("parent", worded("a region's is {nation}", nation=NATION))
    if definition.utc_offset is None:
        raise BadInput.field("utc_offset", "is required for a region")
    clocks = None if definition.clocks is None else changes_of(definition.clocks)
    return Organisation(
        id=code,
        kind="region",
        name=definition.name,
        parent=NATION,
        region=code,
        utc_offset=clock_of(definition.utc_offset, clocks or ()),
        clocks=clocks,
        inn=definition.inn,
        ogrn=definition.ogrn,
    )


def _part(code: str, definition: Definition, parent: Organisation | None) -> Organisation:
    """An organisation inside a region, which gives it the clock unless a municipality has its own."""
    above: OrganisationKind = "region" if definition.kind == "municipality" else "municipality"
    if parent is None or parent.kind != above:
        raise BadInput.field("parent", worded("must be the code of a {above} in the register", above=phrase(above)))
    inherited = first_offset(parent.utc_offset)
    has_another = definition.utc_offset not in (None, inherited)
    if has_another and definition.kind != "municipality":
        raise BadInput.field("utc_offset", worded("is inherited from the municipality: {offset}", offset=inherited))
    clocks, clock = None, parent.utc_offset
    if definition.clocks is not None or has_another:
        clocks = changes_of(definition.clocks or ())
        clock = clock_of(definition.utc_offset or inherited, clocks)
    return Organisation(
        id=code,
        kind=definition.kind,
        name=definition.name,
        parent=parent.id,
        region=parent.region,
        municipality=code if definition.kind == "municipality" else parent.id,
        utc_offset=clock,
        clocks=clocks,
        level=definition.level,
        inn=definition.inn,
        ogrn=definition.ogrn,
    )


def _kept(current: Organisation, wanted: Organisation, definition: Definition) -> Organisation:
    """The wanted organisation with what its definition does not say as it is: among it a clock of its own."""
    kept = {name: getattr(current, name) for name in KEPT}
    first = definition.utc_offset or first_offset(current.utc_offset)
    if definition.clocks is not None:
        return wanted.model_copy(update={**kept, "utc_offset": clock_of(first, wanted.clocks or ())})
    if first != first_offset(current.utc_offset):
        return wanted.model_copy(update={**kept, "utc_offset": first})
    return wanted.model_copy(update={**kept, "clocks": current.clocks, "utc_offset": current.utc_offset})


def _must_be_the_same(current: Organisation, wanted: Organisation) -> None:
    """Events that were published name the organisation by these."""
    if first_offset(current.utc_offset) != first_offset(wanted.utc_offset):
        raise Conflict(worded(OTHER_CLOCK, code=current.id), slug="organisation-fixed")
    for field in ("kind", "region", "parent"):
        if getattr(current, field) != getattr(wanted, field):
            how = OTHER_PARENT if field == "parent" and wanted.kind not in FIXED else OTHER_FIELD
            raise Conflict(worded(how, code=current.id, field=phrase(field)), slug="organisation-fixed")
