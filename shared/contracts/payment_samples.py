"""The samples of acts for payment, of the same story."""

from datetime import date, datetime

from shared.contracts.event import Event
from shared.contracts.payments import ActPaid, ActSigned
from shared.contracts.venue_samples import MOSCOW, SEASON, VENUE

ACT_FOR_PAYMENT = {
    "act": "Jt6yB3nM8wQzXc1V",
    "venue": VENUE,
    "season": SEASON,
    "region": "RU-ROS",
    "number": 1,
}


def payments(attendance: str, slot: str) -> tuple[tuple[datetime, Event], ...]:
    """Returns an act that pays one attendance, and its payment."""
    signed = ActSigned(
        **ACT_FOR_PAYMENT,
        organisation="RU-ROS-001-C01",
        begins=date(2020, 10, 1),
        ends=date(2020, 10, 31),
        pupils=1,
        part=1,
        parts=1,
        attendances=(attendance,),
        slots=(slot,),
        rates=("2020/RU-ROS/-/cooking/-/-/2020-09-01",),
        kopecks=(130_000,),
        turns=(1,),
    )
    return (
        (datetime(2020, 11, 5, 12, 0, tzinfo=MOSCOW), signed),
        (datetime(2020, 11, 16, 12, 0, tzinfo=MOSCOW), ActPaid(**ACT_FOR_PAYMENT, kopecks=130_000)),
    )
