"""Those who stand in the positions of the table of authorisation, and of which pupils each may be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.e2e.authorisation_scene import WHERE, Scene

NONE: frozenset[str] = frozenset()
FAMILY = frozenset({"own", "second"})
CLASS = FAMILY | {"next", "gone", "one", "again"}
SCHOOL = CLASS | {"form"}
TOWN = SCHOOL | {"school"}
EVERYONE = frozenset(WHERE)
"""Pupils, by how far one sees."""


@dataclass(frozen=True)
class Caller:
    """Somebody with one grant, or nobody."""

    subject: str
    grant: Mapping[str, Any] | None = None
    sees: frozenset[str] = NONE
    """The pupils of whom the caller may be told."""


def callers(scene: Scene, position: str) -> Sequence[Caller]:
    """Everybody who stands in a position, each with an account of its own."""
    if position == "nobody":
        return [Caller("nobody")]
    own = {"guardian": subject(scene, "guardian"), "pupil": subject(scene, "pupil")}
    found = []
    for number, (grant, sees) in enumerate(_held(scene)[position], 1):
        role, org, classes, *_ = [*grant.split(":"), "", ""]
        claim = {"role": role} | ({"org": org} if org else {}) | ({"classes": [classes]} if classes else {})
        found.append(Caller(subject(scene, position, number), claim, sees))
    if position in ("other guardian", "other pupil"):  # the family's other account, in a role that is not its own
        role = position.removeprefix("other ")
        found += [Caller(account, {"role": role}) for other, account in own.items() if other != role]
    return found


def subject(scene: Scene, position: str, number: int = 1) -> str:
    """Whom the provider knows the caller as."""
    return f"{position} {number} of {scene.here.region}"


def _held(scene: Scene) -> Mapping[str, Sequence[tuple[str, frozenset[str]]]]:
    """Grants as `role:organisation:class`, and who is seen.

    Outside stand the nearest neighbour, one far away, and some who hold the role in an organisation that is inside, but
    of a kind that does not fit it.
    """
    region, town, school, venue = scene.here.region, scene.here.municipality, scene.here.school, scene.here.venue
    there = scene.there
    venues = (f"{town}-V02", there.venue, town, school, region)

    def elsewhere(role: str, *orgs: str) -> list[tuple[str, frozenset[str]]]:
        return [(f"{role}:{org}", NONE) for org in orgs]

    return {
        "nation": [("national-operator:RU", EVERYONE)],
        "nation held in a region": elsewhere("national-operator", region),
        "region": [(f"regional-operator:{region}", EVERYONE)],
        "other region": elsewhere("regional-operator", there.region, town, school, venue),
        "municipality": [(f"municipal-operator:{town}", TOWN)],
        "sibling municipality": [(f"municipal-operator:{region}-002", frozenset({"town"}))],
        "other municipality": elsewhere("municipal-operator", there.municipality, region, school, venue),
        "school": [(f"navigator:{school}", SCHOOL)],
        "class": [(f"navigator:{school}:7А", CLASS)],
        "other class": [(f"navigator:{school}:7Б", frozenset({"form"}))],
        "other school": [
            (f"navigator:{town}-S02", frozenset({"school"})),
            *elsewhere("navigator", there.school, town, region, venue),
        ],
        "venue": [(f"venue:{venue}", NONE)],
        "other venue": elsewhere("venue", *venues),
        "mentor": [(f"mentor:{venue}", NONE)],
        "other mentor": elsewhere("mentor", *venues),
        "guardian": [("guardian", FAMILY)],
        "other guardian": [("guardian", frozenset({"next"}))],
        "pupil": [("pupil", frozenset({"own"}))],
        "other pupil": [("pupil", frozenset({"next"}))],
        "service of the nation": [("service:RU", NONE)],
        "service": [(f"service:{region}", NONE)],
        "other service": elsewhere("service", there.region, town, school),
    }
