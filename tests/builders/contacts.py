"""Responsible persons of schools, as these enter them, and the schools as notifications hears of them."""

from typing import Any

from shared.contracts.event import Event
from shared.contracts.organisations import OrganisationDefined

TOWN, SCHOOL, OTHER = "RU-ROS-001", "RU-ROS-001-S03", "RU-ROS-001-S07"
STAFF = {"role": "navigator", "org": SCHOOL}
NAVIGATOR = {"role": "navigator", "name": "Соколова Анна", "mail": "anna@school.example", "public": True}


def organisation(code: str, kind: Any = "school", **changed: Any) -> Event:
    place = {"parent": TOWN, "region": "RU-ROS", "municipality": TOWN, "utc_offset": "+03:00"}
    return OrganisationDefined(**{"code": code, "kind": kind, "name": f"Школа {code}", **place, **changed})
