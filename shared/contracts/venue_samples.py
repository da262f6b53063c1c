"""The samples of venues and of the programmes that they hold, of the same story."""

from datetime import datetime, timedelta, timezone

from shared.contracts.event import Event
from shared.contracts.venues import ProgrammeDefined, VenueRegistered, VenueWithdrawn

MOSCOW = timezone(timedelta(hours=3))
SEASON = "2020"
VENUE = "RU-ROS-001-V01"
VENUES: tuple[tuple[datetime, Event], ...] = (
    (
        datetime(2020, 7, 3, 10, 0, tzinfo=MOSCOW),
        VenueRegistered(
            venue=VENUE,
            organisation="RU-ROS-001-C01",
            name="Аксайский техникум питания",
            registry="regional",
            season=SEASON,
            region="RU-ROS",
            municipality="RU-ROS-001",
            grades=(8, 11),
            accessibility=("wheelchair", "quiet-room"),
            capacity=24,
            address="г. Аксай, ул. Чапаева, 1",
            address_municipality="RU-ROS-001",
            expects=("RU-ROS-002",),
        ),
    ),
    (
        datetime(2020, 7, 6, 10, 0, tzinfo=MOSCOW),
        ProgrammeDefined(
            programme="hot-kitchen",
            organisation="RU-ROS-001-C01",
            region="RU-ROS",
            name="Горячий цех",
            competency="cooking",
            level="basic",
            format="in-person",
            minutes=90,
            places=12,
            grades=(8, 11),
            criteria={"hygiene": "Чистота рабочего места", "taste": "Вкус блюда"},
            environment="healthy",
            needs=("quiet-room",),
        ),
    ),
    (
        datetime(2021, 9, 20, 12, 0, tzinfo=MOSCOW),
        VenueWithdrawn(
            venue=VENUE,
            organisation="RU-ROS-001-C01",
            season=SEASON,
            region="RU-ROS",
            municipality="RU-ROS-001",
        ),
    ),
)
