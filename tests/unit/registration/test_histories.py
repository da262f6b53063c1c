"""Any history of a few entries, with moves, links, consents, the archive, merges and erasures, against a plain model.

The model is written by hand and shares nothing with the decisions. What was published is folded as trials folds it, in
an order of its own: whoever listens knows the same of each entry.
"""

from datetime import timedelta
from itertools import count
from typing import Any
from zlib import crc32

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from services.registration.domain.archive import archive, restore
from services.registration.domain.classes import class_of
from services.registration.domain.consents import give_consent, withdraw_consent
from services.registration.domain.erasure import erase
from services.registration.domain.links import link_guardian, unlink
from services.registration.domain.merges import merge, unmerge
from services.registration.domain.moves import move
from services.registration.domain.participants import Consent, Participant
from services.trials.copies import participants as listener
from services.trials.copies.learning import learn
from shared.base.errors import ServiceError
from shared.contracts.event import Envelope
from shared.storage.decision import Decision
from tests.builders.events import at, enveloped
from tests.builders.histories import DAYS, PARENTS, PLACES, SCHOOLS, Modelled, Where, told
from tests.builders.registration import CODES, NOW, Known, enter, pupil, roster


class Histories(RuleBasedStateMachine):
    """Entries of two schools."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.known = Known()
        self.model: dict[str, Modelled] = {}
        self.told: dict[str, list[Envelope]] = {}
        self.order = count()
        self.numbers = count(1)

    def take(self, *decisions: Decision[Participant]) -> None:
        """Stores decisions, with codes, and notes what they tell."""
        for decision in decisions:
            state = decision.state
            if state.erased_at is None and state.merged is None:
                state = state.with_codes(CODES, NOW, NOW + timedelta(days=30))
            said = self.told.setdefault(state.id, [])
            for happened in decision.happened:
                said.append(enveloped(happened.event, len(said) + 1, happened.time))
            stored = state.model_copy(update={"sequence": len(said)})
            self.known = Known({**self.known.pupils, state.id: stored}, self.known.guardians, self.known.identities)

    def refused(self, decide: Any) -> str | None:
        """Takes what is decided; the slug of a refusal, after which nothing has changed."""
        before = dict(self.known.pupils)
        try:
            decided = decide()
        except ServiceError as error:
            assert self.known.pupils == before
            return error.type
        self.take(*(decided if isinstance(decided, tuple) else (decided,)))
        return None

    @rule(target=ids, where=st.sampled_from(PLACES), key=st.sampled_from("abc"), day=st.sampled_from(DAYS))
    def a_roster_names(self, where: Where, key: str, day: str) -> Any:
        """A line of a class's roster, by one of three keys of the school."""
        school, name = where
        line = pupil(
            key, name=f"Иванов Пётр {school}{key}", guardian={"ref": f"g{key}", "name": f"Анна {key}"}, consent=None
        )
        body = roster([line], school=SCHOOLS[school].id, occurred_at=at(day).isoformat(), **{"class": name})
        entered = enter(body, known=self.known, ids=self.numbers)
        (item,) = entered.items
        id = self._by_key(school, key)
        if id is None:
            assert item.status == "created"
            new = item.participant
            assert new is not None
            self._enter(entered)
            self.model[new] = Modelled([(day, next(self.order), where)], guardian=item.guardian or "")
            return new
        mine = self.model[id]
        there, first = mine.on(day), min(said for said, _, _ in mine.placed)
        if mine.archived:
            wanted = "participant-archived"
        elif mine.now[0] != school:
            wanted = "pupil-left"
        elif there is not None and there[0] != school:
            wanted = "pupil-elsewhere"
        else:
            assert (item.status, item.participant) == ("known", id), item.problem
            moved = day >= first and there != where
            assert item.moved_from == (there[1] if moved and there else None)
            if moved:
                mine.placed.append((day, next(self.order), where))
            self._enter(entered)
            return multiple()
        assert item.problem is not None
        assert item.problem.type == wanted
        return multiple()

    def _enter(self, entered: Any) -> None:
        self.known = Known(self.known.pupils, {**self.known.guardians, **entered.guardians}, entered.known.identities)
        self.take(*entered.decisions)

    def _by_key(self, school: str, key: str) -> str | None:
        """The entry whom a school's key leads to: of a duplicate the survivor, of an erased one none."""
        for id, state in self.known.pupils.items():
            keys = {(state.place.school, state.external_ref), *(tuple(k.split("/")) for k in state.former)}
            if self.model[id].into == "" and any(
                left == SCHOOLS[school].id and own.casefold() == key for left, own in keys
            ):
                return id
        return None

    @rule(id=ids, where=st.sampled_from(PLACES), day=st.sampled_from(DAYS))
    def is_moved(self, id: str, where: Where, day: str) -> None:
        """To another class of the same school."""
        mine = self.model[id]
        if mine.erased or mine.into or any(there[0] != where[0] for _, _, there in mine.placed):
            return
        refused = self.refused(lambda: move(self.known.pupils[id], class_of(SCHOOLS[where[0]], where[1]), at(day)))
        first = min(said for said, _, _ in mine.placed)
        wanted = "participant-archived" if mine.archived else "bad-input" if day < first else None
        assert refused == wanted
        if refused is None and mine.on(day) != where:
            mine.placed.append((day, next(self.order), where))

    @rule(id=ids, parent=st.sampled_from(PARENTS))
    def is_linked(self, id: str, parent: str) -> None:
        """The guardian redeems the code."""
        mine = self.model[id]
        if mine.erased or mine.into:
            return
        refused = self.refused(lambda: link_guardian(self.known.pupils[id], mine.guardian, parent, at("2020-09-20")))
        assert refused == ("code-redeemed" if mine.linked.get(mine.guardian, parent) != parent else None)
        mine.linked.setdefault(mine.guardian, parent)

    @rule(id=ids)
    def is_unlinked(self, id: str) -> None:
        """The school closes the cabinet."""
        mine = self.model[id]
        if not (mine.erased or mine.into):
            assert self.refused(lambda: unlink(self.known.pupils[id], mine.guardian, "staff", at("2020-09-21"))) is None
            mine.linked.pop(mine.guardian, None)

    @rule(id=ids, day=st.sampled_from(DAYS), gives=st.booleans())
    def consents(self, id: str, day: str, gives: bool) -> None:
        """The guardian gives a consent, always of another version, or takes the one in force back."""
        mine, state = self.model[id], self.known.pupils[id]
        if mine.erased or mine.into:
            return
        if not gives:
            wanted = "bad-input" if mine.consented and day < mine.consented else None
            assert self.refused(lambda: withdraw_consent(state, at(day))) == wanted
            if mine.consented and wanted is None:
                mine.withdrawn, mine.consented = day, ""
            return
        consent = Consent(version=f"v{next(self.order)}", channel="paper", given_at=at(day), guardian=mine.guardian)
        late = bool(mine.withdrawn) and not mine.consented and day <= mine.withdrawn
        refused = self.refused(lambda: give_consent(state, consent))
        assert refused in ("consent-withdrawn" if late else None, "too-many-consents")
        if refused is None:
            mine.consented = max(mine.consented, day)

    @rule(id=ids, away=st.booleans())
    def is_archived(self, id: str, away: bool) -> None:
        """Into the archive, or out of it."""
        mine, state = self.model[id], self.known.pupils[id]
        if mine.erased or mine.into:
            return
        decide = (
            (lambda: archive(state, "left", at("2020-09-25"))) if away else (lambda: restore(state, at("2020-09-26")))
        )
        if self.refused(decide) is None:
            mine.archived = away

    @rule(one=ids, other=ids)
    def are_merged(self, one: str, other: str) -> None:
        """Two entries, where neither is away or merged."""
        first, second = self.model[one], self.model[other]
        if one == other or first.erased or second.erased or second.into == one:
            return
        refused = self.refused(
            lambda: tuple(merge(self.known.pupils[one], self.known.pupils[other], {}, at("2020-09-27")))
        )
        if first.archived or second.archived:
            assert refused in ("participant-archived", "merged-already")
        elif first.into or second.into:
            assert refused == "merged-already"
        elif any(entry.into == other for entry in self.model.values()):
            assert refused == "has-duplicates"
        else:
            assert refused is None
            second.into = one
            own = {"linked": dict(first.linked), "consented": first.consented}
            taken = (
                not first.consented and second.consented and (not first.withdrawn or second.consented > first.withdrawn)
            )
            second.given_back = {**own, "adopted": taken, "by": dict(second.linked)}
            first.linked |= second.linked
            if taken:
                first.consented = second.consented

    @rule(id=ids)
    def are_parted(self, id: str) -> None:
        """A duplicate is an entry of its own again."""
        mine = self.model[id]
        if not mine.into or mine.erased:
            return
        survivor = self.model[mine.into]
        pair = lambda: tuple(unmerge(self.known.pupils[mine.into], self.known.pupils[id], at("2020-09-28")))  # noqa: E731
        before = self.known.pupils[mine.into]
        adopted = before.duplicates[id].consent
        assert self.refused(pair) is None
        for guardian, parent in mine.given_back["by"].items():
            if survivor.linked.get(guardian) == parent and guardian not in mine.given_back["linked"]:
                del survivor.linked[guardian]
        if adopted is not None and before.consent == adopted:
            survivor.consented, survivor.withdrawn = "", "2020-09-28"
        mine.into = ""

    @rule(id=consumes(ids))
    def is_erased(self, id: str) -> None:
        """With all entries that were merged into it; nothing comes after."""
        mine = self.model[id]
        if mine.erased or mine.into:
            return
        state = self.known.pupils[id]
        entries = [state, *(self.known.pupils[d].merged.before for d in state.duplicates)]  # type: ignore[union-attr]
        self.take(*(erase(e.model_copy(update={"sequence": 1}), f"act-{e.id}", at("2020-09-29")) for e in entries))
        for entry in entries:
            self.model[entry.id].erased, self.model[entry.id].into = True, ""
        gone = {entry.id for entry in entries}
        left = {person: said for person, said in self.known.identities.items() if person not in gone}
        self.known = Known(self.known.pupils, self.known.guardians, left)

    @invariant()
    def every_entry_is_as_meant(self) -> None:
        for id, mine in self.model.items():
            state = self.known.pupils[id]
            assert (state.erased_at is not None, state.merged is not None) == (mine.erased, bool(mine.into))
            if mine.erased or mine.into:
                left = (state.guardians, state.linked, state.codes, state.consents, state.former)
                assert not any(left)
                continue
            for day in DAYS:
                place = state.place_on(day)
                assert (place and (place.school, place.school_class)) == told(mine.on(day))
            assert (state.place.school, state.place.school_class) == told(mine.now)
            assert state.linked == mine.linked
            assert (state.consent.given_at if state.consent else None) == (
                at(mine.consented) if mine.consented else None
            )
            assert (state.archived is not None) == mine.archived
            assert sorted(code.guardian or "" for code in state.codes) == sorted({"", *state.guardians})

    @invariant()
    def whoever_listens_knows_the_same(self) -> None:
        for id, said in self.told.items():
            assert [int(envelope.sequence) for envelope in said] == list(range(1, len(said) + 1))
            if id not in self.model or self.model[id].into:
                continue
            copy: listener.Participant | None = None
            for envelope in sorted(said, key=lambda envelope: crc32(f"{id}{envelope.sequence}".encode())):
                copy = learn(copy, envelope)
            assert copy is not None
            state = self.known.pupils[id]
            if state.erased_at is not None:
                assert (copy.erased, copy.accounts) == (True, ())
                continue
            assert copy.place == state.place.plain
            assert copy.consent == (state.consent is not None)
            assert {link.account for link in copy.accounts} == set(state.linked.values())


TestHistories = Histories.TestCase
TestHistories.settings = settings(stateful_step_count=40)
