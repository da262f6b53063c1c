"""Use cases: an operator sets a season's rules of advice, or imports a region's education programmes."""

from collections.abc import Iterable

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.catalogue.education import EducationList, EducationProgramme
from services.trials.domain.path import advice
from services.trials.domain.path.advice import Advice, AdviceRules
from services.trials.repository import Repository
from shared.base.errors import BadInput, NotFound, NotKnownYet
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


async def set_rules(repository: Repository, season: str, rules: AdviceRules) -> Advice:
    """Sets the rules of a season; the same again changes nothing.

    Raises NotFound for no season, Conflict for a closed one and for a change once it is in use, BadInput for what the
    rules cannot name.
    """

    async def body(tx: Transaction) -> Advice:
        found = (await repository.rules([season], tx)).get(season)
        if found is None:
            raise NotFound.about("season", "no such season")
        found.must_be_open("season")
        await _must_name_what_is(repository, found, rules, tx)
        known = (await repository.advice.load([season], tx)).get(season)
        said = advice.define(known, rules, in_use=found.in_use)
        if said != known:
            await repository.advice.put(season, said, tx)
        return said

    return await repository.transact(body)


async def _must_name_what_is(repository: Repository, season: Season, rules: AdviceRules, tx: Transaction) -> None:
    instruments = await repository.stored_instruments({code for code, _ in rules.scales}, tx)
    scales = {(code, scale.code) for code, one in instruments.items() for scale in one.scales}
    wrong = sorted(of for of in rules.scales if of not in scales or of[0] not in season.diagnostics)
    if wrong:
        raise BadInput.field("grounds", f"{'/'.join(wrong[0])} is no scale of a diagnostic of the season")
    await _must_be_approved(repository, rules.named, "grounds", tx)


async def import_education(
    repository: Repository, region: str, said: EducationList, who: Principal
) -> tuple[EducationProgramme, ...]:
    """Takes the education programmes of a region in place of those of before.

    Raises Forbidden for another region's operator, NotKnownYet before the region is known here, and BadInput for a
    competency that is not approved.
    """
    who.scope.must_cover(region)
    known = (await repository.copies.organisations([region])).get(region)
    if known is None or known.kind != "region":
        raise NotKnownYet.about("region", "this region is not known here yet", "organisation-unknown")

    async def body(tx: Transaction) -> None:
        named = {code for programme in said.programmes for code in programme.competencies}
        await _must_be_approved(repository, named, "programmes", tx)
        await repository.education.put(region, said.programmes, tx)

    await repository.transact(body)
    return said.programmes


async def _must_be_approved(repository: Repository, codes: Iterable[str], field: str, tx: Transaction) -> None:
    asked = set(codes)
    unknown = sorted(asked - (await repository.competencies.load(asked, tx)).keys())
    if unknown:
        raise BadInput.field(field, f"{unknown[0]} is not an approved competency")
