"""Use case: a file of classes is taken in, judged by its first bytes, and kept sealed until a process enters it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from services.registration.domain.classes import class_of
from services.registration.domain.imports import Import, ImportHeader, stored_grants
from services.registration.domain.organisations import Organisation, known_school
from services.registration.domain.placements import Place
from services.registration.repository import Repository
from shared.base.errors import BadInput, FieldError, NotKnownYet, UnsupportedMediaType
from shared.base.wording import worded
from shared.identity.exceptions import may_except
from shared.identity.principal import Principal
from shared.programme.moments import happened_at, zone
from shared.storage.decision import NewId
from shared.tables.files import SNIFFED, Kind, kind_of


async def begin(
    repository: Repository,
    who: Principal,
    header: ImportHeader,
    file: tuple[Kind, AsyncIterator[bytes]],
    clock: tuple[datetime, NewId],
) -> Import:
    """Keeps a file, of the kind that its sender says, to be entered; raises what a roster of its header would.

    `clock` is the time, and what makes ids.
    """
    (kind, pieces), (now, new_id) = file, clock
    school, place = await _place(repository, who, header)
    occurred_at = happened_at(header.occurred_at, now, zone(school.utc_offset) if school else UTC)
    season = (await repository.copies.seasons([header.season])).get(header.season)
    if season is None:
        errors = [FieldError("season", "has not been defined")]
        unknown = worded("season {season} has not been defined", season=header.season)
        raise NotKnownYet(unknown, slug="season-unknown", errors=errors)
    season.must_take(occurred_at, excepted=header.exception is not None)
    id = new_id()
    imported = Import(
        id=id,
        season=header.season,
        school=school and school.id,
        school_class=place and place.school_class,
        region=school and school.region,
        municipality=school and school.municipality,
        occurred_at=occurred_at,
        exception=header.exception,
        dry_run=header.dry_run,
        counted_in=header.counted_in,
        kind=kind,
        key=repository.imports.new_key(id),
        sent_at=now,
        by=who.account,
        grants=tuple(stored_grants(who)),
    )
    await repository.imports.begin(imported)
    return await repository.imports.keep(imported, _of_kind(kind, pieces))


async def _place(
    repository: Repository, who: Principal, header: ImportHeader
) -> tuple[Organisation | None, Place | None]:
    """The school and the class of all lines, where the request says them and the sender may speak for them."""
    if header.school is None:
        if header.school_class is not None:
            raise BadInput.field("school", "is needed where a class is given")
        return None, None
    found = (await repository.organisations.load([header.school])).get(header.school)
    school = known_school(found, header.school, "school")
    who.scope.must_cover(*school.place, school_class=header.school_class)
    may_except(header.exception, who, school.region, school.municipality)
    if school.kind != "school":
        raise BadInput.field("school", "is not a school")
    return school, None if header.school_class is None else class_of(school, header.school_class)


async def _of_kind(kind: Kind, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields the pieces of a file once its begin tells that it is of the kind which its sender says."""
    begin = b""
    is_known = False
    async for piece in pieces:
        if is_known:
            yield piece
            continue
        begin += piece
        if len(begin) >= SNIFFED:
            _must_be(kind, begin)
            is_known = True
            yield begin
    if not is_known:
        _must_be(kind, begin)
        yield begin


def _must_be(kind: Kind, begin: bytes) -> None:
    """Raises BadInput for a file that is no table, UnsupportedMediaType for a table of the other kind."""
    found = kind_of(begin[:SNIFFED])
    if found != kind:
        raise UnsupportedMediaType(f"the file is {found.upper()}, and not {kind.upper()} as its Content-Type says")
