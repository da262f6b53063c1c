"""The pupils whom a group of commands concerns, while it is decided: each decision goes on from the one before it."""

from collections.abc import Iterable

from services.registration.domain import Participant
from shared.identity.acting import Actor
from shared.programme.texts import ref_key
from shared.storage.decision import Decision

Key = tuple[str, str]
"""A school, and its own key of a pupil or a guardian as it is written."""


class Pupils:
    """Pupils as they are by now; what happened to one of them is saved once, in order."""

    def __init__(self, stored: Iterable[Participant]) -> None:
        self._decided: dict[str, Decision[Participant]] = {}
        self._ids: dict[Key, str] = {}
        self._folded: dict[Key, str] = {}
        self._children: dict[str, set[str]] = {}
        for pupil in stored:
            self.take(Decision(pupil))

    def __getitem__(self, id: str) -> Participant:
        return self._decided[id].state

    def of_school(self, school: str, external_ref: str) -> Participant | None:
        """The pupil whom a school knows by this key, by this very spelling rather than by another."""
        id = self._ids.get((school, external_ref)) or self._folded.get((school, ref_key(external_ref)))
        return None if id is None else self[id]

    def classes_of(self, guardian: str) -> set[str]:
        """Where the children of a guardian are by now, as far as they are among these."""
        return {self[id].place.school_class for id in self._children.get(guardian, ())}

    def take(self, decision: Decision[Participant], by: Actor | None = None) -> None:
        """Keeps a decision about a new pupil, or about one as given out before, and whose it is."""
        pupil = decision.state
        before = self._decided.get(pupil.id)
        happened = (*before.happened, *decision.happened) if before else decision.happened
        self._decided[pupil.id] = Decision(pupil, happened, by)
        self._ids[pupil.place.school, pupil.external_ref] = pupil.id
        if pupil.ref_key is not None:
            self._folded[pupil.place.school, pupil.ref_key] = pupil.id
        for guardian in pupil.guardians:
            self._children.setdefault(guardian, set()).add(pupil.id)

    @property
    def decisions(self) -> list[Decision[Participant]]:
        """What is to be saved."""
        return [decision for decision in self._decided.values() if decision.happened]
