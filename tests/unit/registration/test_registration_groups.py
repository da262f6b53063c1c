"""Requests that share a transaction: each is answered, and changes what it changes, as if it had come alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.api.rosters import RosterItem
from services.registration.domain.links import LinkBatch
from services.registration.handlers.links import redeemed
from shared.base.errors import ServiceError
from shared.http.batch import Item, Request
from shared.identity.grants import Grant, Role
from shared.identity.principal import Principal
from shared.storage.decision import Decision, Happened
from tests.builders.registration import CODES, NOW, SCHOOL, Known, enter, pupil, roster

MOTHER = {"ref": "mother", "name": "Иванова Анна"}
FAMILY = enter(roster([pupil("1", guardian=MOTHER), pupil("2", guardian=MOTHER), pupil("3")]))
FIRST, SECOND, OTHER = FAMILY.items
Link = tuple[str | None, str | None]
"""The pupil whom an account is linked to, and the guardian for a guardian's code."""
Redemption = Request[bytes]
GUARDIAN: frozenset[Role]
PUPIL: frozenset[Role]
GUARDIAN, PUPIL = frozenset({"guardian"}), frozenset({"pupil"})


def redemption(text: str | None, account: str = "a", roles: frozenset[Role] = GUARDIAN) -> Redemption:
    assert text is not None
    who = Principal(account, account, tuple(map(Grant, roles)))
    return Request(items=[Item("/code", CODES.digest(text), word="code")], who=who, now=NOW)


@dataclass
class Cabinets:
    """A register in memory, and all that was told of it."""

    known: Known = FAMILY.known
    accounts: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[Happened]] = field(default_factory=lambda: defaultdict(list))

    def redeem(self, *group: Redemption) -> list[Link | str]:
        """One transaction; the slug of each refusal."""
        batch = LinkBatch(self.known.pupils.values(), dict(self.accounts))
        results = redeemed(batch, group)
        assert all(self.accounts.get(id, bound.account) == bound.account for id, bound in batch.bound.items())
        self.accounts |= {guardian: binding.account for guardian, binding in batch.bound.items()}
        self.save(batch.pupils.made)
        return [r.type if isinstance(r, ServiceError) else (r.value.participant, r.value.guardian) for r in results]

    def save(self, decisions: Sequence[Decision[Any]]) -> None:
        self.known = self.known.then(decisions, {})
        for decision in decisions:
            self.told[decision.state.id] += decision.happened


def test_a_code_redeemed_twice_in_a_group_is_redeemed_once() -> None:
    cabinets, link = Cabinets(), (FIRST.participant, FIRST.guardian)
    first, second = redemption(FIRST.link_code, "a"), redemption(FIRST.link_code, "b")
    assert cabinets.redeem(first, first, second) == [link, link, "code-redeemed"]
    assert [len(told) for told in cabinets.told.values()] == [1]
    assert cabinets.accounts == {FIRST.guardian: "a"}


def test_two_codes_of_a_pupil_in_a_group_are_both_linked() -> None:
    cabinets = Cabinets()
    cabinets.redeem(redemption(FIRST.link_code, "a"), redemption(FIRST.account_code, "p", PUPIL))
    state = cabinets.known.pupils[FIRST.participant or ""]
    assert (state.linked, state.account) == ({FIRST.guardian: "a"}, "p")
    assert [h.event.type for h in cabinets.told[state.id]] == ["guardian.linked.v1", "account.linked.v1"]


def test_a_guardian_of_two_children_has_one_account_in_a_group() -> None:
    cabinets = Cabinets()
    group = [redemption(FIRST.link_code, "a"), redemption(SECOND.link_code, "b"), redemption(SECOND.link_code, "a")]
    refused = cabinets.redeem(*group)[1]
    assert refused == "guardian-linked-elsewhere"
    assert cabinets.accounts == {FIRST.guardian: "a"}
    assert {id: state.linked for id, state in cabinets.known.pupils.items() if state.linked} == {
        FIRST.participant: {FIRST.guardian: "a"},
        SECOND.participant: {FIRST.guardian: "a"},
    }


@pytest.mark.parametrize(
    ("refused", "slug"),
    [
        (redemption("AAAAAAAAAAAA"), "code-unknown"),
        (redemption(OTHER.link_code, roles=PUPIL), "wrong-code-kind"),
        (redemption(OTHER.account_code), "wrong-code-kind"),
        (redemption(FIRST.link_code, "b"), "code-redeemed"),
        (redemption(SECOND.link_code, "b"), "guardian-linked-elsewhere"),
    ],
)
def test_a_refusal_is_its_own_request_s_alone(refused: Redemption, slug: str) -> None:
    first, last = redemption(FIRST.link_code), redemption(OTHER.link_code, "c")
    with_it, without = Cabinets(), Cabinets()
    results = with_it.redeem(first, refused, last)
    assert results.pop(1) == slug
    assert results == without.redeem(first, last)
    assert with_it == without


REDEMPTIONS = st.builds(
    redemption,
    st.sampled_from(["AAAAAAAAAAAA", *(t for i in FAMILY.items for t in (i.link_code, i.account_code) if t)]),
    st.sampled_from(["a", "b"]),
    st.sampled_from([GUARDIAN, PUPIL, GUARDIAN | PUPIL]),
)


@given(st.lists(REDEMPTIONS, max_size=5), st.lists(REDEMPTIONS, max_size=12))
def test_links_in_a_group_are_as_one_by_one(before: list[Redemption], group: list[Redemption]) -> None:
    together, alone = Cabinets(), Cabinets()
    for request in before:
        assert together.redeem(request) == alone.redeem(request)
    assert together.redeem(*group) == [result for request in group for result in alone.redeem(request)]
    assert together == alone
    for state in together.known.pupils.values():
        assert state.linked.items() <= together.accounts.items()


LINES = st.lists(
    st.builds(
        lambda ref, guardian, changed: pupil(ref, guardian=guardian, **changed),
        st.sampled_from(["1", "2", "3"]),
        st.builds(lambda ref, name: {"ref": ref, "name": name}, st.sampled_from("gh"), st.sampled_from("NM")),
        st.sampled_from([{}, {"grade": 9}, {"consent": None}]),
    ),
    min_size=1,
    max_size=3,
)
ROSTERS = st.builds(
    lambda lines, school, season, name, classes: roster(
        lines, school=school, season=season, **{"class": name}, classes=classes and [name, *classes]
    ),
    LINES,
    st.sampled_from([SCHOOL.id, "RU-ROS-001-S02"]),
    st.sampled_from(["2019", "2020"]),
    st.sampled_from(["7А", "7Б"]),
    st.sampled_from([None, ["7В"], ["7А", "7Б"]]),
)


def _one_by_one(rosters: Iterable[Mapping[str, Any]]) -> tuple[list[list[RosterItem]], Known, dict[str, Any]]:
    known, ids, answers, identities = Known(), count(1), list[list[RosterItem]](), dict[str, Any]()
    for body in rosters:
        entered = enter(body, known=known, ids=ids)
        known, answers = entered.known, [*answers, entered.items]
        assert identities.keys().isdisjoint(entered.identities)
        identities |= entered.identities
    return answers, known, identities


@given(st.lists(ROSTERS, max_size=5))
def test_rosters_in_a_group_are_as_one_by_one(rosters: list[dict[str, Any]]) -> None:
    together = enter(*rosters)
    assert (together.answers, together.known, together.identities) == _one_by_one(rosters)
    assert len({decision.state.id for decision in together.decisions}) == len(together.decisions)


def test_a_pupil_of_two_rosters_of_a_group_is_known_to_the_second() -> None:
    body = roster([pupil("1", guardian=MOTHER)])
    both = enter(body, body, roster([pupil("1", guardian=MOTHER)], season="2019"))
    (first,), (again,), (earlier,) = both.answers
    assert again == first.model_copy(update={"status": "known"})
    assert earlier == first
    assert both.writes == 4
    (decision,) = both.decisions
    assert [h.event.type.split(".v")[0] for h in decision.happened] == [
        "participant.registered",
        "consent.given",
        "participant.registered",
    ]
