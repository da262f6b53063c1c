"""Days of the slots in the scene of the authorisation table, by their refs."""

from datetime import date, timedelta

DAYS = {
    "held": "2020-10-05",
    "over": "2020-10-06",
    "missed": "2020-10-07",
    **{ref: f"2050-10-0{day}" for day, ref in enumerate(("free", "wide", "left", "moved", "off"), 5)},
    "full": "2050-10-12",
    "near": (date.today() + timedelta(days=1)).isoformat(),
}
