"""Pupils and guardians by their schools' own keys, while a batch is decided: each decision sees those before it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.registration.domain.participants import Key, Participant, former_key
from shared.identity.acting import Actor
from shared.programme.texts import ref_key
from shared.storage.decision import Decision, Decisions


class Pupils(Decisions[Participant]):
    """Pupils as they are by now, by id, by their school's own key and by guardian."""

    def __init__(self, known: Iterable[Participant]) -> None:
        pupils = tuple(known)
        super().__init__(pupils)
        self._ids: dict[Key, str] = {}
        self._folded: dict[Key, str] = {}
        self._former: dict[str, str] = {}
        self._children: dict[str, set[str]] = {}
        for pupil in pupils:
            self._index(pupil)

    def of_school(self, school: str, external_ref: str) -> Participant | None:
        """The pupil whom a school knows by this key, by this very spelling rather than by another.

        A key that none of its pupils has may be that of one who has left it.
        """
        fold = ref_key(external_ref)
        id = self._ids.get((school, external_ref)) or self._folded.get((school, fold))
        id = id or self._former.get(former_key(school, fold))
        return None if id is None else self.get(id)

    def classes_of(self, guardian: str, school: str) -> set[str]:
        """The classes of a school in which the children of a guardian are by now, as far as they are among these."""
        children = map(self.get, self._children.get(guardian, ()))
        return {child.place.school_class for child in children if child and child.place.school == school}

    def take(self, decision: Decision[Participant], by: Actor | None) -> None:
        """Keeps a decision as `Decisions` does, and finds the pupil by its keys from now on."""
        super().take(decision, by)
        self._index(decision.state)

    def _index(self, pupil: Participant) -> None:
        self._ids[pupil.place.school, pupil.external_ref] = pupil.id
        if pupil.ref_key is not None:
            self._folded[pupil.place.school, pupil.ref_key] = pupil.id
        for left in pupil.former:
            self._former[left] = pupil.id
        for guardian in pupil.guardians:
            self._children.setdefault(guardian, set()).add(pupil.id)


class NewGuardian(NamedTuple):
    """The id of a guardian who was entered under a key of a school, and by whom."""

    id: str
    by: Actor | None
    is_known: bool = False
    """True for one whom another school entered: this one knows the same person by a key of its own."""


class Guardians:
    """Guardians by their school's own key, in any spelling: one for several children of the same school."""

    def __init__(self, known: Mapping[Key, str]) -> None:
        self.entered: dict[Key, NewGuardian] = {}
        """The new ones, by the keys as they were first written."""
        self._known = known
        self._folded: dict[Key, str] = {}

    def get(self, school: str, ref: str) -> str | None:
        """The id of the guardian whom a school knows by a key; None where there is none."""
        return self._known.get((school, ref)) or self._folded.get((school, ref_key(ref)))

    def enter(self, school: str, ref: str, new: NewGuardian) -> None:
        """Keeps a guardian whom the school has not known."""
        self.entered[school, ref] = new
        self._folded[school, ref_key(ref)] = new.id
