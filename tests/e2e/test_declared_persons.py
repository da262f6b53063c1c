"""Whose data a collection holds is declared beside its indexes; after a season nothing of a person is anywhere else."""

import importlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import filter as filter_names
from fnmatch import fnmatchcase
from typing import Any

from shared.base.settings import Settings
from shared.contracts.topics import SERVICES
from shared.storage.collections import Collections
from tests.drivers.consumers import eventually
from tests.e2e.authorisation_payments import signed_act
from tests.e2e.conftest import Client
from tests.e2e.season import NATION, World, soon, world
from tests.e2e.whereabouts import database, named

TEACHER = "class teacher"
UNPLAYED = {"outbox", "deferred", "permits", "open_answers", "losses", "half_merges", "trips"}
"""What they hold is gone by the end, or does not come in so small a season."""


def _declared(service: str) -> Collections:
    found: Collections = importlib.import_module(f"services.{service}.app").COLLECTIONS
    return found


async def _walk(place: World, participant: str) -> None:
    """A pupil's whole season."""
    client = place.client
    by_teacher: dict[str, Any] = {"by": place.navigator, "subject": TEACHER}
    await eventually(lambda: _taken(place, participant))
    time = "2020-09-21T09:00:00+03:00"
    leave = {"season": place.season, "diagnostic": "e2e", "reason": "interrupted", "occurred_at": time}
    await client.ok("POST", f"/trials/participants/{participant}/repeats", leave, **by_teacher)
    signed = {"needs": ["large-print"], "template": "0" * 64, "register_number": "7", "occurred_at": time}
    await client.ok("PUT", f"/trials/participants/{participant}/needs", signed, **by_teacher)
    draft = {"answers": {"q1": "yes"}, "occurred_at": time}
    path = f"/trials/participants/{participant}/drafts/e2e?season={place.season}"
    await client.ok("PUT", path, draft, **by_teacher)
    slot = await place.slot("t1")
    booking = {"participants": [participant], "occurred_at": "2020-09-21T10:00:00+03:00"}
    await client.ok("POST", f"/trials/slots/{slot}/bookings/batch", booking, **by_teacher)
    present = [{"participant": participant, "source": "list", "occurred_at": "2020-10-05T16:30:00+03:00"}]
    came = await client.ok("POST", f"/trials/slots/{slot}/attendance", present, by=place.host)
    path, said = f"/trials/attendance/{came['items'][0]['attendance']}/review", {"stars": 5, "words": "Было интересно"}
    await soon(client, "PUT", path, said, by=("guardian",), subject="guardian of one")
    await signed_act(client, place, TEACHER)
    await client.ok("GET", f"/trials/participants/{participant}/path?season={place.season}", **by_teacher)


async def _waits(place: World, participant: str, holder: str) -> None:
    """A pupil waits for the only seat of a slot, which another one has."""
    slot = await place.slot("t2", capacity=1, starts_at="2020-10-07T15:00:00+03:00")
    for way, id in (("bookings", holder), ("waiting", participant)):
        body = {"participant": id, "occurred_at": "2020-09-22T10:00:00+03:00"}
        await place.client.ok("POST", f"/trials/slots/{slot}/{way}", body, by=place.operator, subject=TEACHER)


async def _tells_of_the_year(place: World) -> None:
    """The school and the region's operator, in the name of the teacher."""
    by: dict[str, Any] = {"by": place.operator, "subject": TEACHER}
    path = f"/registration/schools/{place.school}/years/2020"
    await place.client.ok("PUT", path, {"pupils": [{"grade": 7, "total": 25}]}, **by)
    path = f"/registration/organisations/{place.municipality}/targets/2020"
    await place.client.ok("PUT", path, {"pupils": 100}, **by)
    path = f"/registration/consent-templates/{place.season}/{place.region}"
    await place.client.ok("PUT", path, {"version": "1", "title": "Согласие", "digest": "0" * 64}, **by)
    programme: dict[str, Any] = {"organisation": place.region, "name": "Проба", "competency": "gov", "level": "basic"}
    programme |= {"format": "in-person", "environment": "smart", "minutes": 90, "places": 8, "grades": [6, 11]}
    await place.client.ok("PUT", f"/trials/programmes/{place.region}-P1", programme, **by)
    await place.client.ok("PUT", f"/trials/regions/{place.region}/education", {"programmes": []}, **by)
    tried = {"code": "tried", "kind": "tried", "points": 1, "because": {"ru": "потому что это было на пробе"}}
    path = f"/trials/seasons/{place.season}/advice"
    await place.client.ok("PUT", path, {"grounds": [tried]}, by=NATION, subject=TEACHER)
    await place.client.ok("PUT", f"/trials/quotas/{place.season}", {"value": 90}, by=NATION, subject=TEACHER)


async def _goes_to_another_school(place: World, participant: str) -> None:
    """The pupil of the third line, and the next school names the guardian by a key of its own."""
    next_school = f"{place.municipality}-S02"
    body = {"kind": "school", "name": "Школа", "parent": place.municipality}
    await place.client.ok("PUT", f"/registration/organisations/{next_school}", body, by=place.operator)
    asked = {name: place.pupil(3)[name] for name in ("name", "birth_date")}
    there = {"school": next_school, "class": "7А", "occurred_at": "2020-09-20T10:00:00+03:00"}
    transfer = await place.client.ok("POST", "/registration/transfers", {**asked, **there}, by=place.operator)
    assert transfer["participant"] == participant
    path = f"/registration/transfers/{transfer['transfer']}/confirmation"
    await place.client.ok("POST", path, by=place.operator)
    line = place.pupil(3, guardian={**place.pupil(3)["guardian"], "ref": "of the next school"}, consent=None)
    roster = place.roster([line], school=next_school, occurred_at="2020-09-21T10:00:00+03:00")
    await place.client.ok("POST", "/registration/rosters", roster, by=place.operator)


async def _becomes_one(place: World, settings: Settings) -> set[str]:
    """A pupil who was entered twice, once with a family that has its cabinets; returns all who are named by it."""
    own = place.pupil(4, consent=None)
    family = [
        {"ref": f"{n} of the second entry", "name": name} for n, name in ((1, "Иванова Анна"), (2, "Чехов Антон"))
    ]
    again = place.pupil(5, guardian=family[0], guardians=family[1:])
    survivor, duplicate = await place.register([own, again])
    for role, code in (("guardian", duplicate["link_code"]), ("pupil", duplicate["account_code"])):
        subject = f"{role} of the second entry"
        await place.client.ok("POST", "/registration/links", {"code": code}, by=(role,), subject=subject)
    await _is_kept(place.client, duplicate, "pupil of the second entry")
    beside = duplicate["guardians"][1]["guardian"]
    anew = f"/registration/participants/{duplicate['participant']}/codes/{beside}"
    await place.client.ok("POST", anew, by=place.navigator, subject=TEACHER)
    await place.client.ok("DELETE", anew, by=place.navigator, subject=TEACHER)
    accounts = await _accounts(settings, duplicate["participant"])
    merging = {"survivor": survivor["participant"], "duplicate": duplicate["participant"]}
    await place.client.ok("POST", "/registration/merges", merging, by=place.operator, subject=TEACHER)
    return {*merging.values(), survivor["guardian"], duplicate["guardian"], beside, *accounts}


async def _are_told_apart(place: World) -> set[str]:
    """Two entries of one name and birth date, of whom the operator says that they are two."""
    line = place.pupil(6, consent=None)
    entered = await place.register([line, {**line, "external_ref": "7", "namesake": True}])
    told = {"participants": [one["participant"] for one in entered], "reason": "Близнецы"}
    await place.client.ok("POST", "/registration/duplicates/dismissals", told, by=place.operator, subject=TEACHER)
    return {*told["participants"], *(one["guardian"] for one in entered)}


async def _is_put_out(place: World) -> None:
    """The teacher, who does nothing more in the school."""
    me = await place.client.ok("GET", "/registration/me", by=place.navigator, subject=TEACHER)
    body = {"org": place.school, "account": me["account"]}
    await place.client.ok("POST", "/registration/staff/exclusions", body, by=place.operator, subject="operator")


async def _is_kept(client: Client, pupil: Mapping[str, Any], subject: str) -> None:
    """The pupil keeps the guardian's cabinet beyond the 18th birthday."""
    path = f"/registration/participants/{pupil['participant']}/guardians/{pupil['guardian']}/keeping"
    await client.ok("PUT", path, {"kept": True}, by=("pupil",), subject=subject)


async def _asks_for_a_place(place: World) -> str:
    """A guardian whom nobody has linked asks for a child, and for another one who waits; the first is entered."""
    ids = []
    for name in ("Просимая Анна", "Ждущий Олег"):
        child = {"name": name, "birth_date": "2008-01-31", "guardian_name": "Просимый Иван"}
        body = {"school": place.school, "class": "7А", **child}
        asked = await place.client.ok("POST", "/registration/requests", body, by=("guardian",), subject="asker of one")
        ids.append(asked["request"])
    taken = {"season": place.season, "external_ref": "asked", "guardian": {"ref": "asker"}}
    taken["occurred_at"] = "2020-09-03T10:00:00+03:00"
    path = f"/registration/requests/{ids[0]}/confirmation"
    done = await place.client.ok("POST", path, taken, by=place.navigator, subject=TEACHER)
    return str(done["participant"])


async def _loses_a_guardian(place: World) -> set[str]:
    """A pupil whose guardian is erased, and who is due to be erased since; returns both."""
    client = place.client
    by_teacher: dict[str, Any] = {"by": place.operator, "subject": TEACHER}
    (item,) = await place.register([place.pupil(6)])
    code = {"code": item["link_code"]}
    await client.ok("POST", "/registration/links", code, by=("guardian",), subject="who is erased")
    await client.ok("DELETE", f"/registration/guardians/{item['guardian']}", **by_teacher)
    path = f"/registration/participants/{item['participant']}/consents/current"
    await client.ok("DELETE", f"{path}?occurred_at=2020-09-20T10:00:00%2B03:00", **by_teacher)
    await client.ok("PUT", f"/registration/retention/{place.region}", {"left_days": 60}, **by_teacher)
    return {item["participant"], item["guardian"]}


async def _sends_a_file(place: World) -> None:
    """A class with what another platform counted of a pupil, and with a line that is refused."""
    asked = f"counted_in=2020&season={place.season}&school={place.school}&occurred_at=2020-09-21T10:00:00%2B03:00"
    path, line = f"/registration/imports?{asked}", place.pupil(1)
    rows = ["Ключ;ФИО;Дата рождения;Класс;Пройдено диагностик", f"unread;{line['name']};вчера;7А;1"]
    rows += [f"{line['external_ref']};{line['name']};{line['birth_date']};7А;1"]
    by, kind = place.navigator, {"Content-Type": "text/csv"}
    answer = await place.client.call("POST", path, "\n".join(rows).encode(), by=by, subject=TEACHER, **kind)
    assert answer.status == 202, answer.body
    told = f"/registration/imports/{answer.body['id']}"

    async def over() -> bool:
        return bool((await place.client.ok("GET", told, by=by, subject=TEACHER))["refused"] == 1)

    await eventually(over)


async def _names_a_navigator(place: World) -> set[str]:
    """The school's, and another one who is erased; the ids of both."""
    path = f"/notifications/contacts/{place.school}"
    by: dict[str, Any] = {"by": place.navigator, "subject": TEACHER}
    said = {"role": "navigator", "name": "Педагог Анна", "mail": "school@example.org"}
    ids = [str((await soon(place.client, "PUT", f"{path}/n{n}", said, **by))["contact"]) for n in (1, 2)]
    await place.client.ok("DELETE", f"/notifications/contacts/{ids[1]}", by=place.navigator, subject=TEACHER)
    return set(ids)


async def _taken(place: World, participant: str) -> bool:
    attempts = {"attempts": [place.attempt(participant)]}
    answer = await place.client.ok("POST", "/trials/attempts/batch", attempts, by=place.navigator, subject=TEACHER)
    return answer["items"][0].get("profile") is not None


async def _accounts(settings: Settings, participant: str) -> set[str]:
    """The accounts of the family and of those who served it."""
    async with database(settings, "registration") as mongo:
        row = await mongo["participants"].find_one({"_id": participant})
        assert row is not None
        actors = await mongo["audit_actors"].find({}).to_list(None)
    return {*row["linked"].values(), row["account"], row["changed"]["by"], *(actor["_id"] for actor in actors)}


async def test_a_person_stands_in_the_declared_fields_and_in_no_other(client: Client, settings: Settings) -> None:
    place = await world(client, attempts_per_round=1)
    line = place.pupil(1, guardians=[{"ref": "second", "name": "Соколова Вера"}])
    pupil, gone, other = await place.register([line, place.pupil(2), place.pupil(3)])
    await _goes_to_another_school(place, other["participant"])
    await _tells_of_the_year(place)
    asked_for = await _asks_for_a_place(place)
    participant = pupil["participant"]
    await client.ok("DELETE", f"/registration/participants/{gone['participant']}", by=place.operator, subject=TEACHER)
    second = pupil["guardians"][1]
    codes = {"guardian": pupil["link_code"], "pupil": pupil["account_code"], "second": second["link_code"]}
    for subject, code in codes.items():
        role = "guardian" if subject == "second" else subject
        await client.ok("POST", "/registration/links", {"code": code}, by=(role,), subject=f"{subject} of one")
    await _is_kept(client, pupil, "pupil of one")
    cabinet = f"/registration/participants/{participant}/links/{second['guardian']}"
    await client.ok("DELETE", cabinet, by=("guardian",), subject="second of one")
    await client.ok("DELETE", cabinet.replace("links", "codes"), by=place.navigator, subject=TEACHER)
    await client.ok("GET", f"/registration/participants/{participant}", by=place.navigator, subject=TEACHER)
    await client.ok(
        "PATCH", f"/registration/participants/{participant}", {"name": "Иной Пётр"}, by=place.navigator, subject=TEACHER
    )
    document = {"title": "Согласие", "url": "https://example.org/consent"}
    await client.ok("PUT", "/registration/consent-documents/9", document, by=NATION)
    await _sends_a_file(place)
    await _walk(place, participant)
    await _waits(place, participant, other["participant"])
    merged = await _becomes_one(place, settings)
    told_apart = await _are_told_apart(place)
    navigators = await _names_a_navigator(place)
    await _is_put_out(place)
    parted = await _loses_a_guardian(place)

    async def counted() -> bool:
        funnel = await place.funnel()
        return bool(funnel["recommended"] == 1 and funnel["guardians"] > 1)

    await eventually(counted)
    persons = {
        participant,
        gone["participant"],
        other["participant"],
        other["guardian"],
        asked_for,
        pupil["guardian"],
        second["guardian"],
        *await _accounts(settings, participant),
        *merged,
        *told_apart,
        *parted,
        *navigators,
    }

    async def all_there() -> bool:
        return not set(_missing(await named(settings, persons)))

    with suppress(AssertionError):  # what is missing says more
        await eventually(all_there)
    found = await named(settings, persons)
    assert sorted(set(_missing(found))) == []
    undeclared = {
        where: rest
        for where, fields in found.items()
        if (rest := {field for field in fields if not any(fnmatchcase(field, kept) for kept in _kept(*where))})
    }
    assert undeclared == {}


def _kept(service: str, name: str) -> Sequence[str]:
    declared = _declared(service).get(name)
    assert declared is not None, f"{service}.{name} is not declared"
    return declared.persons


def _missing(found: dict[tuple[str, str], set[str]]) -> Iterator[str]:
    """What is declared and names nobody in any service: who is looked for there is looked for in vain."""
    held: dict[str, set[str]] = defaultdict(set)
    for (_, name), fields in found.items():
        held[name] |= fields
    for service in SERVICES:
        for name, kept in _declared(service).items():
            if name not in UNPLAYED:
                yield from (f"{name}: {field}" for field in kept.persons if not filter_names(held[name], field))
