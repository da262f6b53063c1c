"""Keys of persons in files that have none: those by which the school knows them, else keys that follow from names.

A file without keys may be sent again, and means the same children: a child is known by name and birth date within its
school, a guardian by the name among those of the child.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from services.registration.domain.identities import Identities, child_of
from services.registration.domain.import_lines import Line
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Participant
from services.registration.domain.school_keys import Pupils
from services.registration.name_index import Child
from services.registration.repository import Repository
from shared.base.errors import FieldError
from shared.identity.grants import Scope
from shared.programme.texts import NAME, REF, ref_key
from shared.storage.mongo import Transaction

Schools = Mapping[str, Organisation]
Known = tuple[Participant, str]
"""A pupil with the name by which it is known."""
MADE_BYTES = 10
"""Of a key that follows from a name: eighty bits of a keyed hash, which tell nothing and meet nowhere."""


class Earlier:
    """Lines of the file that a dry run has let pass: what they say counts as entered."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._named: dict[tuple[str, Child], dict[str, tuple[str, str]]] = {}
        self._guardians: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for line in lines:
            ref = line.said["external_ref"]
            if (said := _identity(line)) is not None:
                self._named.setdefault((line.school, child_of(said)), {})[ref_key(ref)] = ref, said["name"]
            self._guardians.setdefault((line.school, ref_key(ref)), []).extend(_guardians(line))

    def named(self, school: str, child: Child) -> Mapping[str, tuple[str, str]]:
        """The keys of a child in a school, with its name, by their folds."""
        return self._named.get((school, child), {})

    def guardians(self, line: Line) -> Mapping[str, dict[str, Any]]:
        """The guardians of a line's pupil, by the folds of their keys."""
        found = self._guardians.get((line.school, ref_key(line.said["external_ref"])), ())
        return {ref_key(guardian["ref"]): guardian for guardian in found}


async def give_keys(
    repository: Repository, lines: Sequence[Line], schools: Schools, scope: Scope, earlier: Earlier
) -> None:
    """Gives keys to pupils and guardians on lines that have none."""
    bare = [line for line in lines if line.school in schools]
    unnamed = [line for line in bare if "external_ref" not in line.said and _identity(line) is not None]
    if unnamed:
        known = await repository.transact(lambda tx: _known(repository, unnamed, schools, tx))
        for line in unnamed:
            _give(repository, line, known, schools[line.school], (scope, earlier))
    families = [line for line in bare if any("ref" not in one for one in _guardians(line))]
    families = [line for line in families if REF.read(line.said.get("external_ref")) is not None]
    if families:
        known_families = await repository.transact(lambda tx: _families(repository, families, earlier, tx))
        for line, family in zip(families, known_families, strict=True):
            family.name(line)


def _identity(line: Line) -> dict[str, str] | None:
    """The name and the birth date of a line; None where it lacks one of them."""
    name = NAME.read(line.said.get("name"))
    born = line.said.get("birth_date")
    return None if name is None or born is None else {"name": name, "birth_date": born}


async def _known(
    repository: Repository, lines: Sequence[Line], schools: Schools, tx: Transaction
) -> Mapping[tuple[str, Child], Sequence[Known]]:
    """The pupils of names and birth dates, by school."""
    children: dict[str, set[Child]] = {}
    for line in lines:
        if (said := _identity(line)) is not None:
            children.setdefault(schools[line.school].region, set()).add(child_of(said))
    found: dict[tuple[str, Child], list[Known]] = {}
    for region, wanted in children.items():
        named = await repository.sealed.namesakes(region, wanted, tx)
        pupils = await repository.participants.load({id for ids in named.values() for id in ids}, tx)
        names = await repository.sealed.read(list(pupils), tx)
        for child, ids in named.items():
            there = {pupils[id].id: pupils[id] for id in ids if id in pupils}  # two entries may be one pupil
            for pupil in (one for one in there.values() if one.erased_at is None):
                name = names.get(pupil.id, {}).get("name", "")
                found.setdefault((pupil.place.school, child), []).append((pupil, name))
    return found


def _give(
    repository: Repository,
    line: Line,
    known: Mapping[tuple[str, Child], Sequence[Known]],
    school: Organisation,
    by: tuple[Scope, Earlier],
) -> None:
    """Gives a line its child's key, and the child's name as it is known: in a file without keys it may be in capitals.

    A child out of the sender's reach is a new one here, and refused as such.
    """
    said, (scope, earlier) = _identity(line), by
    assert said is not None
    if line.said.get("namesake"):
        line.faults.append(FieldError(f"{line.at}/external_ref", "is needed where a line says `namesake`"))
        return
    classes = scope.classes(*school.place)
    there = known.get((school.id, child_of(said)), ())
    mine = [(pupil, name) for pupil, name in there if classes is None or pupil.place.school_class in classes]
    keys = {ref_key(pupil.external_ref): (pupil.external_ref, name) for pupil, name in mine}
    keys = {**earlier.named(school.id, child_of(said)), **keys}
    if len(keys) == 1:
        ((line.said["external_ref"], name),) = keys.values()
        line.said["name"] = name or line.said["name"]
        return
    mark = repository.sealed.child_mark(f"{school.id}/keys", said)[:MADE_BYTES]
    line.said["external_ref"] = f"n-{base64.b32encode(mark).decode().lower()}"


def _guardians(line: Line) -> Iterator[dict[str, Any]]:
    if "guardian" in line.said:
        yield line.said["guardian"]
    yield from line.said.get("guardians", ())


async def _families(
    repository: Repository, lines: Sequence[Line], earlier: Earlier, tx: Transaction
) -> Iterator["_Family"]:
    """The families that the schools know already, one for each line."""
    pupils = Pupils(await repository.pupils(((line.school, line.said["external_ref"]) for line in lines), tx))
    found = [pupils.of_school(line.school, line.said["external_ref"]) for line in lines]
    ids = {id for pupil in found if pupil is not None for id in pupil.guardians}
    refs = await repository.guardian_refs(ids, {line.school for line in lines}, tx)
    identities = Identities(await repository.sealed.read(ids, tx))
    return (
        _Family(
            identities,
            pupil.guardians if pupil else (),
            {id: refs.get((line.school, id), ()) for id in ids},
            earlier.guardians(line),
        )
        for line, pupil in zip(lines, found, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Family:
    """The guardians of a pupil whom the school knows, with its keys of them."""

    identities: Identities
    guardians: Sequence[str]
    refs: Mapping[str, Sequence[str]]
    earlier: Mapping[str, dict[str, Any]]
    """Those whom the file has named before, by the folds of their keys."""

    def name(self, line: Line) -> None:
        """Gives the guardians of a line the keys of those of the same name, others a key that is free."""
        taken = {ref_key(ref) for id in self.guardians for ref in self.refs[id]} | self.earlier.keys()
        free = (f"{line.said['external_ref']}/{number}" for number in count(1))
        for guardian in _guardians(line):
            if "ref" in guardian:
                continue
            same = self.identities.namesake(self.guardians, guardian["name"])
            known = self.refs[same] if same is not None else ()
            if same is not None:
                guardian["name"] = self.identities.name(same)
            elif (before := self._before(guardian["name"])) is not None:
                known, guardian["name"] = (before["ref"],), before["name"]
            guardian["ref"] = known[0] if known else next(ref for ref in free if ref_key(ref) not in taken)

    def _before(self, name: str) -> dict[str, Any] | None:
        """The only one of a name among those whom the file has named before."""
        before = Identities({fold: {"name": one["name"]} for fold, one in self.earlier.items()})
        same = before.namesake(self.earlier, name)
        return None if same is None else self.earlier[same]
