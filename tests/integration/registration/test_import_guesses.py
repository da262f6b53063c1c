"""A file is no way to a birth date: who knows a child's name does not find it by trying days, on real servers."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.domain.birth_dates import MOST_IN_SCHOOL
from shared.base.settings import Settings
from tests.builders.registration import SCHOOL, pupil
from tests.builders.tables import csv_file
from tests.drivers.imports import TITLES, Sender, counted
from tests.drivers.registration import NAVIGATOR, REGIONAL, Registration, registration

OTHER = "RU-ROS-001-S02"
BORN = 17
DAYS = [*range(1, 10), BORN]
GUESSES = csv_file([TITLES, *([f"g{day}", "Искомая Анна", f"{day:02}.05.2007", "7А"] for day in DAYS)])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        await service.enter(pupil("sought", name="Искомая Анна", birth_date=f"2007-05-{BORN}"))
        yield service


async def test_only_a_few_birth_dates_of_a_name_are_tried(running: Registration) -> None:
    guesser = Sender(running, [{**NAVIGATOR, "org": OTHER}], "guesser")
    done = await guesser.over(GUESSES, school=OTHER, dry_run="true")
    assert counted(done) == (10, MOST_IN_SCHOOL, 0, 0, 0, 10 - MOST_IN_SCHOOL)
    told = [line.split(";")[1:4] for line in (await guesser.refused(done["id"]))[1:]]
    assert {(column, slug) for column, _, slug in told} == {("Дата рождения", "bad-input")}
    assert told[-1][1].startswith("Дата рождения: в файле больше 3 разных дат рождения при одном и том же имени")
    right = csv_file([TITLES, ["g", "Искомая Анна", f"{BORN}.05.2007", "7А"]])
    found = await guesser.over(right, school=OTHER, dry_run="true")
    assert (await guesser.refused(found["id"]))[1].split(";")[3] == "transfer-needed", "it would have been told"
    operator = await Sender(running, [REGIONAL], "operator").over(GUESSES, school=SCHOOL.id, dry_run="true")
    assert counted(operator) == (10, 9, 0, 0, 0, 1), "who sees the child anyway guesses nothing"


async def test_an_account_lets_so_many_files_be_judged_in_an_hour(running: Registration) -> None:
    most = Settings.model_fields["limit_dry_runs"].default.units
    sender = Sender(running, [NAVIGATOR], "tireless")
    for _ in range(most):
        status, answer = await sender.send(b"%PDF-1.7", school=SCHOOL.id, dry_run="true")
        assert (status, answer["type"]) == (422, "bad-input")
    status, answer = await sender.send(b"%PDF-1.7", school=SCHOOL.id, dry_run="true")
    assert (status, answer["type"], answer["violated-policies"]) == (429, "quota-exceeded", ["dry-runs"])
    assert (await sender.send(b"%PDF-1.7", school=SCHOOL.id))[0] == 422, "what is entered is not counted"
    operator = Sender(running, [REGIONAL], "tireless operator")
    for _ in range(most + 1):
        assert (await operator.send(b"%PDF-1.7", school=SCHOOL.id, dry_run="true"))[0] == 422
