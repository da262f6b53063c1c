"""Reads of certificates: by the family and the navigator with the name, by a stranger with initials alone."""

from datetime import datetime

from services.registration.answers.certificates import VerifiedView
from services.registration.certificate_numbers import CertificateNumbers, Certified
from services.registration.copies.steps import Steps, progress_id
from services.registration.copies.store import Copies
from services.registration.domain.participants import Participant
from services.registration.files.certificate import Certificate
from services.registration.reads.names import NameReads
from services.registration.reads.participants import ScopedReads
from shared.base.errors import Conflict, NotFound
from shared.programme.moments import zone
from shared.storage.mongo import Mongo, by_ids

UNKNOWN = "no such certificate"


class CertificateReads(ScopedReads):
    """The certificates of pupils whose family or navigator asks."""

    async def certificate(self, id: str, season: str, numbers: CertificateNumbers, page: str) -> Certificate:
        """Returns what stands on a pupil's certificate of a season; `page` is the address of a `{number}`.

        Raises NotFound for a pupil outside the scope and a season of others, Conflict without a recommendation.
        """
        pupil = self._caller.decides_about(await self._pupil(id))
        if season not in pupil.seasons:
            raise NotFound("no such participant in this season")
        progress = await self._progress([pupil], [season])
        issued = progress.steps[progress_id(pupil.id, season)].in_force
        if issued is None:
            raise Conflict("no recommendation is in force in this season", slug="not-recommended")
        place = pupil.place
        names = await self._names([pupil.id], [pupil.id])
        called = await self._copies.competencies(issued.competencies)
        schools = await self._organisations.names([place.school])
        return Certificate(
            name=names.get(pupil.id, {}).get("name", ""),
            where=f"{schools.get(place.school) or place.school}, {place.school_class}",
            season=progress.seasons.get(season, season),
            competencies=[called.get(code, code) for code in issued.competencies],
            revision=issued.revision,
            issued_at=issued.revised_at.astimezone(zone(place.utc_offset)),
            address=page.replace("{number}", numbers.write(Certified(pupil.id, season, issued.id))),
        )


class Verifications:
    """Certificates as strangers see them: whoever has the number holds the certificate."""

    def __init__(self, mongo: Mongo, names: NameReads) -> None:
        self._rows = mongo["participants"]
        self._names = names
        self._copies = Copies(mongo)

    async def verified(self, number: str, numbers: CertificateNumbers) -> VerifiedView:
        """Returns a certificate; raises NotFound for a number that none has, or that of a pupil who was erased."""
        certified = numbers.read(number)
        pupil = None if certified is None else await self._pupil(certified.participant)
        if certified is None or pupil is None:
            raise NotFound(UNKNOWN)
        steps = Steps()
        ids = [progress_id(id, certified.season) for id in (pupil.id, *pupil.duplicates)]
        for row in await self._copies.steps(ids):
            steps |= Steps.of(row)
        issued = steps.recommendations().get(certified.recommendation)
        identity = (await self._names.of([pupil.id])).get(pupil.id)
        if issued is None or identity is None:
            raise NotFound(UNKNOWN)
        is_valid = issued.id not in steps.withdrawn
        seasons = await self._copies.definitions([certified.season])
        called = await self._copies.competencies(issued.competencies) if is_valid else {}
        return VerifiedView(
            state="valid" if is_valid else "replaced" if steps.in_force else "withdrawn",
            initials=initials(identity["name"]),
            season=certified.season,
            season_name=seasons[0]["name"] if seasons else None,
            revision=issued.revision,
            issued_at=_local(issued.revised_at, pupil),
            competencies=[called.get(code, code) for code in issued.competencies] if is_valid else [],
        )

    async def _pupil(self, id: str) -> Participant | None:
        """Returns the pupil of an entry, a survivor for a duplicate; None for one who is not there, or was erased."""
        found = {row["_id"]: Participant.of(row) for row in await by_ids(self._rows, [id])}
        if (entry := found.get(id)) is not None and entry.merged is not None:
            found |= {row["_id"]: Participant.of(row) for row in await by_ids(self._rows, [entry.merged.into])}
            entry = found.get(entry.merged.into)
        return None if entry is None or entry.erased_at is not None else entry


def initials(name: str) -> str:
    """Returns the initials of a name."""
    return " ".join(f"{word[0].upper()}." for word in name.split())


def _local(time: datetime, pupil: Participant) -> datetime:
    return time.astimezone(zone(pupil.place.utc_offset))
