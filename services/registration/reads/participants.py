"""Reads of persons: only within a principal's scope, and each reading leaves a trace."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from services.registration.answers.codes import CodesView
from services.registration.answers.me import GrantView, Me, OwnPupil
from services.registration.answers.participants import Known, Names, ParticipantView, PupilPage, PupilView
from services.registration.answers.progress import Progress
from services.registration.balances import Balances
from services.registration.codes import Codes
from services.registration.collections import LINKED
from services.registration.copies.steps import Steps, progress_id
from services.registration.copies.store import Copies
from services.registration.domain.caller import Caller
from services.registration.domain.participants import Participant, on_clocks
from services.registration.reads.names import NameReads
from services.registration.reads.organisations import OrganisationReads
from services.registration.reads.reach import in_reach
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.family import roles_of
from shared.identity.principal import Principal
from shared.programme.stages import Rules
from shared.storage.clocks import ClockReader
from shared.storage.mongo import Document, Mongo
from shared.storage.outbox import Clock


def _plain_cursor(word: str) -> list[str] | None:
    school_class, _, id = word.rpartition(":")
    return [school_class, id] if school_class else None


OWN = Listing("own pupils", {"_id": str})
PUPILS = Listing("pupils", {"place.school_class": str, "_id": str}, earlier=_plain_cursor)


class ScopedReads:
    """The persons whom a principal may see; the pupils whose names were shown are noted for the audit log."""

    def __init__(self, mongo: Mongo, names: NameReads, clock: Clock, who: Principal, clocks: ClockReader) -> None:
        self._mongo = mongo
        self._clock = clock
        self._clocks = clocks
        self._opened = names
        self._balances = Balances(mongo)
        self._copies = Copies(mongo)
        self._organisations = OrganisationReads(mongo)
        self._who = who
        self._caller = Caller(who)

    async def participant(self, id: str) -> ParticipantView:
        """One pupil, for staff in scope and the family; raises NotFound for all others."""
        participant = await self._pupil(id)
        if participant is not None and self._caller.is_pupil(participant):
            shown: list[str] = []
        else:
            participant = self._caller.keeps_consent_of(participant)
            own = self._caller.guardian_of(participant)
            shown = list(participant.guardians) if self._caller.is_staff_of(participant) else [own] if own else []
        known = await self._known([participant], shown)
        if self._caller.is_staff_of(participant):
            balances = await self._balances.of([participant.id, *participant.duplicates])
            known = replace(known, balances=balances)
        return ParticipantView.of(participant, known, shown)

    async def codes(self, id: str, codes: Codes, now: datetime) -> CodesView:
        """The one-time codes of a pupil, for staff in scope; raises NotFound for all others."""
        pupil = self._caller.staff_s(await self._pupil(id))
        return CodesView.of(pupil, await self._names([pupil.id, *pupil.guardians], [pupil.id]), codes, now)

    async def me(self, paging: Paging) -> Me:
        """The grants of the principal, and a page of the pupils whose family it is."""
        rows, onward = await OWN.page(self._mongo["participants"], await self._family(), paging)
        pupils = await self._on_clocks(map(Participant.of, rows))
        guardians = {p.id: None if self._caller.is_pupil(p) else self._caller.guardian_of(p) for p in pupils}
        known = await self._known(pupils, [id for id in guardians.values() if id])
        items = [OwnPupil.own(pupil, known, guardians[pupil.id]) for pupil in pupils]
        names = await self._organisations.names(grant.org for grant in self._who.grants)
        grants = [GrantView.of(grant, names) for grant in self._who.grants]
        refused = list(self._who.refused)
        return Me(items=items, next=onward, account=self._who.account, grants=grants, refused=refused)

    async def pupils(self, code: str, season: str, paging: Paging, archived: bool) -> PupilPage:
        """A school's pupils of a season by class, those in the archive or those who take part.

        Raises NotFound for an unknown school, Forbidden outside the scope.
        """
        school = await self._organisations.school(code)
        self._who.scope.must_cover(*school.place)
        query = {f"seasons.{season}": {"$exists": True}} | in_reach(self._who.scope, school)
        away: Document = {"archived": {"$ne": None} if archived else None, "erased_at": None, "merged": None}
        asked = {"school": school.id, "season": season} | ({"archived": "true"} if archived else {})
        rows, onward = await PUPILS.page(self._mongo["participants"], query | away, paging, asked)
        page = await self._on_clocks(map(Participant.of, rows))
        names = await self._names([p.id for p in page], [p.id for p in page])
        progress, now = await self._progress(page, [season]), self._clock()
        return PupilPage(items=[PupilView.of(p, season, names, progress, now) for p in page], next=onward)

    async def _pupil(self, id: str) -> Participant | None:
        """The pupil with an id; that of a duplicate leads to the survivor."""
        row = await self._mongo["participants"].find_one({"_id": id})
        if row is not None and row.get("merged") is not None:
            row = await self._mongo["participants"].find_one({"_id": row["merged"]["into"]})
        return (await self._on_clocks([Participant.of(row)]))[0] if row else None

    async def _on_clocks(self, pupils: Iterable[Participant]) -> list[Participant]:
        """The same pupils, as rows gave them, with the clocks of where they are and were."""
        clocks = await self._clocks.known()
        return [on_clocks(pupil, clocks) for pupil in pupils]

    async def _family(self) -> Document:
        """Matches the pupils who are the principal, or whose guardian it is."""
        account = self._who.account
        roles = roles_of(self._who)
        ways: list[Document] = [{"account": account}] if "pupil" in roles else []
        if "guardian" in roles:
            rows = self._mongo["guardians"].find({"account": account}, {"_id": 1})
            for id in [row["_id"] for row in await rows.to_list(None)]:
                ways.append({"guardians": id, f"linked.{id}": account, **LINKED})
        return {"$or": ways} if ways else {"_id": {"$in": []}}

    async def _known(self, pupils: Sequence[Participant], guardians: Sequence[str]) -> Known:
        """All that is shown beside some pupils and guardians."""
        ids = [pupil.id for pupil in pupils]
        places = [code for p in pupils for code in (p.place.region, p.place.municipality, p.place.school)]
        seasons = {season for pupil in pupils for season in pupil.seasons}
        return Known(
            names=await self._names([*ids, *guardians], ids),
            organisations=await self._organisations.names(places),
            progress=await self._progress(pupils, seasons),
            now=self._clock(),
        )

    async def _names(self, persons: Sequence[str], participants: Sequence[str]) -> Names:
        if persons:
            about(participants)
        return await self._opened.of(persons)

    async def _progress(self, pupils: Iterable[Participant], seasons: Iterable[str]) -> Progress:
        codes = list(seasons)
        own = {id: pupil.id for pupil in pupils for id in (pupil.id, *pupil.duplicates)}
        wanted = {progress_id(id, season): progress_id(own[id], season) for id in own for season in codes}
        steps = dict.fromkeys(wanted.values(), Steps())
        for row in await self._copies.steps(list(wanted)):
            steps[wanted[row["_id"]]] |= Steps.of(row)
        definitions = await self._copies.definitions(codes)
        return Progress(
            steps=steps,
            rules={row["_id"]: Rules.of(row) for row in definitions},
            seasons={row["_id"]: row["name"] for row in definitions},
        )


def as_in_a_register(name: str) -> str:
    """The word by which a class register sorts a name: Ё is an Е there."""
    return name.casefold().replace("ё", "е")
