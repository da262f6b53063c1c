"""The grants of a token: a role in an organisation of a kind that fits it, and the part of the country it reaches."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from shared.base.errors import Excluded, Forbidden
from shared.base.wording import worded
from shared.programme.texts import class_form

Role = Literal[
    "national-operator",
    "regional-operator",
    "municipal-operator",
    "navigator",
    "venue",
    "mentor",
    "guardian",
    "pupil",
    "service",
]
Kind = Literal["nation", "region", "municipality", "school", "host"]
"""Of an organisation; a host is a venue, or the organisation that it belongs to."""
ROLES: frozenset[str] = frozenset(get_args(Role))
FamilyRole = Literal["guardian", "pupil"]
FAMILY: frozenset[FamilyRole] = frozenset(get_args(FamilyRole))
"""Roles whose reach comes from redeemed codes, never from what a token claims."""
NATION = "RU"
OUTSIDE = "outside the scope of the token's grants"
FITS: Mapping[Role, tuple[Kind, ...]] = {
    "national-operator": ("nation",),
    "regional-operator": ("region",),
    "municipal-operator": ("municipality",),
    "navigator": ("school",),
    "venue": ("host",),
    "mentor": ("host",),
    "guardian": (),
    "pupil": (),
    "service": ("nation", "region"),
}
"""The kinds of organisation in which each role can be held. Elsewhere a grant reaches nothing."""
REGION = re.compile(r"RU-[A-Z]{2,3}")
"""The form of a region's code in ISO 3166-2; a region may have a code of another form, but nothing else has this."""
INNER: frozenset[Kind] = frozenset({"region", "municipality", "school", "host"})
ORGANISATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

Places = Mapping[Kind, Collection[str | None]]
"""The codes of the organisations that an object belongs to, by their kind."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one organisation; guardian and pupil have none.

    `classes`, each in its one form, narrows a navigator's school.
    """

    role: Role
    org: str | None = None
    classes: frozenset[str] | None = None

    def reaches(self, places: Places) -> bool:
        """Tells that one of the places is this organisation, in a kind that fits the role."""
        return self.org is not None and any(self.org in places[kind] for kind in FITS[self.role])


@dataclass(frozen=True, slots=True)
class Scope:
    """The organisations that a principal's admitted grants reach."""

    grants: tuple[Grant, ...]
    excluded: tuple[Grant, ...] = ()
    """Grants that reach nothing, since the account was put out of their organisations."""

    def covers(
        self,
        region: str,
        municipality: str | None = None,
        school: str | None = None,
        *,
        hosts: Collection[str] = (),
        school_class: str | None = None,
    ) -> bool:
        """Tells that a grant reaches the place of an object."""
        name = None if school_class is None else class_form(school_class)
        return any(
            grant.classes is None or name is None or name in grant.classes
            for grant in self._reaching(_places(region, municipality, school, hosts))
        )

    def must_cover(
        self,
        region: str,
        municipality: str | None = None,
        school: str | None = None,
        *,
        hosts: Collection[str] = (),
        school_class: str | None = None,
    ) -> None:
        """Raises Forbidden outside the scope; it names each grant for this place that does not fit its role.

        Raises Excluded where a grant of which the account was put out would cover it.
        """
        if not self.covers(region, municipality, school, hosts=hosts, school_class=school_class):
            lost = Scope(self.excluded)
            if lost.covers(region, municipality, school, hosts=hosts, school_class=school_class):
                raise Excluded(put_out_of(self.excluded))
            unfit = "; ".join(_unfit(self.grants, _places(region, municipality, school, hosts)))
            raise Forbidden(worded(f"{OUTSIDE}; {{unfit}}", unfit=unfit) if unfit else OUTSIDE)

    def must_cover_whole(
        self, region: str, municipality: str | None, school: str | None, why: str = "it is the whole school's"
    ) -> None:
        """Raises Forbidden outside the scope, and with `why` where a school is reached in some of its classes alone."""
        self.must_cover(region, municipality, school)
        if self.classes(region, municipality, school) is not None:
            raise Forbidden(f"{why}: the token's grants are narrowed to some of its classes")

    def classes(self, region: str, municipality: str | None, school: str | None) -> frozenset[str] | None:
        """The classes of a school to which the grants are narrowed; None where one of them reaches all of it."""
        narrowed = [grant.classes for grant in self._reaching(_places(region, municipality, school, ()))]
        return None if None in narrowed else frozenset(name for classes in narrowed for name in classes or ())

    def _reaching(self, places: Places) -> Iterator[Grant]:
        return (grant for grant in self.grants if grant.reaches(places))


def put_out_of(excluded: Collection[Grant]) -> str:
    """The sentence that tells an account of which organisations it was put out, as its grants name them."""
    named = ", ".join(sorted({grant.org for grant in excluded if grant.org is not None}))
    return worded("the account was put out of {organisations}: its grants there count for nothing", organisations=named)


def _places(region: str, municipality: str | None, school: str | None, hosts: Collection[str]) -> Places:
    inner: Places = {"municipality": (municipality,), "school": (school,), "host": hosts}
    return {"nation": (NATION,), "region": (region,), **inner}


def _unfit(grants: Collection[Grant], places: Places) -> Iterator[str]:
    for grant in grants:
        found = next((kind for kind, codes in places.items() if grant.org is not None and grant.org in codes), None)
        if found is not None and found not in FITS[grant.role]:
            yield _refusal(grant.role, grant.org, f"{grant.org} is {_said(found)}")


def _refusal(role: Role, org: str | None, reason: str) -> str:
    """The sentence that tells a grant's holder why it is not granted."""
    name = role if org is None else f"{role}:{org}"
    return f"{name} is not granted: the role is held in {' or '.join(map(_said, FITS[role]))}, and {reason}"


def _said(kind: Kind) -> str:
    return "the nation" if kind == "nation" else f"a {kind}"


def grants_of(claim: object) -> tuple[Grant, ...]:
    """The grants of a claim; what is not one, or does not fit its role by its form, is not granted."""
    return tuple(entry for entry in _entries(claim) if isinstance(entry, Grant))


def refusals_of(claim: object) -> tuple[str, ...]:
    """Returns why entries of a claim are not granted, each reason once."""
    return tuple(dict.fromkeys(entry for entry in _entries(claim) if isinstance(entry, str)))


def _entries(claim: object) -> Iterator[Grant | str]:
    """Each entry's grant, or why it is none."""
    for entry in claim if isinstance(claim, list) else ():
        role = entry.get("role") if isinstance(entry, dict) else None
        if isinstance(role, str) and role in ROLES:
            yield grant_of(cast(Role, role), entry.get("org"), entry.get("classes"))
        else:
            yield "an entry without a known role is not granted"


def grant_of(role: Role, org: object, classes: object = None) -> Grant | str:
    """The grant of a role, or why it is none: to ignore a part of a wrong type would widen the reach.

    Only what the form of a code shows is decided here. The services that hold the register know the kinds of the rest:
    there a grant of another kind reaches nothing.
    """
    if role in FAMILY:
        return Grant(role)
    if not isinstance(org, str) or not ORGANISATION.fullmatch(org):
        return _refusal(role, None, "the grant names none")
    kinds = _kinds(org)
    if kinds.isdisjoint(FITS[role]):
        return _refusal(role, org, f"{org} is {'another' if len(kinds) > 1 else _said(min(kinds))}")
    if classes is None:
        return Grant(role, org)
    if role != "navigator" or not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        return f"{role}:{org} is not granted: `classes` is a list of names, and only a navigator has it"
    return Grant(role, org, frozenset(map(class_form, classes)))


def _kinds(org: str) -> frozenset[Kind]:
    """The kinds that an organisation may be of, by the form of its code."""
    if org == NATION:
        return frozenset({"nation"})
    return frozenset({"region"}) if REGION.fullmatch(org) else INNER
