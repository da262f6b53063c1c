"""Persons as they are shown: only within a principal's scope, and each reading leaves a trace."""

from collections.abc import Iterable, Sequence

from services.registration.domain import Participant
from services.registration.organisation_reads import OrganisationReads
from services.registration.organisations import Organisation
from services.registration.own_views import GrantView, Me, OwnPupil
from services.registration.steps import Steps
from services.registration.vault import Identity, Vault
from services.registration.views import Known, Names, ParticipantView, Progress, PupilPage, PupilView
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.stages import Rules
from shared.programme.texts import NAME
from shared.storage.mongo import Document, Mongo


def _plain_cursor(word: str) -> list[str] | None:
    school_class, _, id = word.rpartition(":")
    return [school_class, id] if school_class else None


LINKED: Document = {"linked": {"$gt": {}}}
"""Matches pupils whom a cabinet shows: they alone are found by their guardians, so that a roster fills no index."""
OWN = Listing("own pupils", {"_id": str})
PUPILS = Listing("pupils", {"place.school_class": str, "_id": str}, earlier=_plain_cursor)


class Within:
    """What a principal may see; whose names were shown is noted for the audit log."""

    def __init__(self, mongo: Mongo, vault: Vault, who: Principal) -> None:
        self._mongo = mongo
        self._vault = vault
        self._organisations = OrganisationReads(mongo)
        self._account = who.account
        self._is_guardian, self._is_pupil = who.has("guardian"), who.has("pupil")
        self._scope = who.scope

    def reaches(self, participant: Participant) -> bool:
        """Whether the principal's grants cover the pupil, by place and class."""
        place = participant.place
        return self._scope.covers(place.region, place.municipality, place.school, school_class=place.school_class)

    def guardian_of(self, participant: Participant) -> str | None:
        """As which guardian of the pupil the principal asks: by a linked account and the role of a guardian."""
        return participant.guardian_with(self._account) if self._is_guardian else None

    def keeps_consent_of(self, participant: Participant | None) -> Participant:
        """The participant, for staff in scope and linked guardians; raises NotFound for all others."""
        if participant is None or not (self.reaches(participant) or self.guardian_of(participant)):
            raise NotFound("no such participant in your scope")
        return participant

    async def participant(self, id: str) -> ParticipantView:
        """One pupil, for staff in scope and the family; raises NotFound for all others."""
        row = await self._mongo["participants"].find_one({"_id": id})
        participant = stored(row) if row else None
        if participant is not None and self._is_self(participant):
            shown: list[str] = []
        else:
            participant = self.keeps_consent_of(participant)
            own = self.guardian_of(participant)
            shown = list(participant.guardians) if self.reaches(participant) else [own] if own else []
        return ParticipantView.of(participant, await self._known([participant], shown), shown)

    async def me(self, who: Principal, paging: Paging) -> Me:
        """The grants of a principal, and a page of the pupils whose family it is."""
        rows, onward = await OWN.page(self._mongo["participants"], await self._family(), paging)
        pupils = [stored(row) for row in rows]
        guardians = {p.id: None if self._is_self(p) else self.guardian_of(p) for p in pupils}
        known = await self._known(pupils, [id for id in guardians.values() if id])
        items = [OwnPupil.own(pupil, known, guardians[pupil.id]) for pupil in pupils]
        names = await self._organisations.names(grant.org for grant in who.grants)
        grants = [GrantView.of(grant, names) for grant in who.grants]
        return Me(items=items, next=onward, grants=grants, refused=list(who.refused))

    def _is_self(self, participant: Participant) -> bool:
        return self._is_pupil and participant.account == self._account

    async def _family(self) -> Document:
        """Matches the pupils who are the principal, or whose guardian it is."""
        ways: list[Document] = [{"account": self._account}] if self._is_pupil else []
        if self._is_guardian:
            rows = self._mongo["guardians"].find({"account": self._account}, {"_id": 1})
            for id in [row["_id"] for row in await rows.to_list(None)]:
                ways.append({"guardians": id, f"linked.{id}": self._account, **LINKED})
        return {"$or": ways} if ways else {"_id": {"$in": []}}

    async def _known(self, pupils: Sequence[Participant], guardians: Sequence[str]) -> Known:
        """What is shown of some pupils and guardians."""
        ids = [pupil.id for pupil in pupils]
        places = [code for p in pupils for code in (p.place.region, p.place.municipality, p.place.school)]
        seasons = {season for pupil in pupils for season in pupil.seasons}
        return Known(
            names=await self._names([*ids, *guardians], ids),
            organisations=await self._organisations.names(places),
            progress=await self._progress(pupils, seasons),
        )

    async def pupils(self, school: Organisation, season: str, paging: Paging) -> PupilPage:
        """A school's pupils of a season, by class; raises Forbidden outside the scope."""
        self._scope.must_cover(*place_of(school))
        query = {"place.school": school.id, f"seasons.{season}": {"$exists": True}} | self._classes(school)
        asked = {"school": school.id, "season": season}
        rows, onward = await PUPILS.page(self._mongo["participants"], query, paging, asked)
        page = [stored(row) for row in rows]
        names = await self._names([p.id for p in page], [p.id for p in page])
        progress = await self._progress(page, [season])
        return PupilPage(items=[PupilView.of(p, season, names, progress) for p in page], next=onward)

    def _classes(self, school: Organisation) -> Document:
        """Narrows to the classes of the grants, unless one of them reaches the whole school."""
        classes = self._scope.classes(*place_of(school))
        return {} if classes is None else {"place.school_class": {"$in": sorted(classes)}}

    async def _names(self, persons: Sequence[str], participants: Sequence[str]) -> Names:
        if not persons:
            return {}
        about(participants)
        rows = await self._mongo["vault"].find({"_id": {"$in": list(persons)}}).to_list(None)
        return {row["_id"]: _shown(self._vault.open(row)) for row in rows}

    async def _progress(self, pupils: Iterable[Participant], seasons: Iterable[str]) -> Progress:
        codes = list(seasons)
        paths = [f"{pupil.id}/{season}" for pupil in pupils for season in codes]
        steps = await self._mongo["steps"].find({"_id": {"$in": paths}}).to_list(None)
        rules = await self._mongo["rules"].find({"_id": {"$in": codes}}).to_list(None)
        return Progress(
            steps={row["_id"]: Steps.of(row) for row in steps},
            rules={row["_id"]: Rules.of(row) for row in rules},
            seasons={row["_id"]: row["name"] for row in rules},
        )


def place_of(organisation: Organisation) -> tuple[str, str | None, str | None]:
    """Region, municipality and school of an organisation, for a scope; only a school is one."""
    school = organisation.id if organisation.kind == "school" else None
    return organisation.region, organisation.municipality, school


def _shown(identity: Identity) -> Identity:
    """An older release sealed names with white space around them and what cannot be seen; the key to seal them anew is
    nobody's but this service's."""
    return {**identity, "name": NAME.read(identity["name"]) or identity["name"]}


def stored(row: Document) -> Participant:
    """A participant out of the database."""
    return Participant.model_validate({**row, "id": row["_id"]})
