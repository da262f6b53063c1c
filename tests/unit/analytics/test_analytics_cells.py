"""Cells from a pupil's facts to the rows of an answer: what counts where and when, packed, read back, ranked."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.documents import increments, leaves
from services.analytics.enrolments import Terms
from services.analytics.facts import Pupil, learn
from services.analytics.feed.pseudonyms import Pseudonyms
from services.analytics.figures.ranking import ranked
from services.analytics.figures.registry import Contribution, contribution
from shared.contracts.event import Event
from shared.contracts.payment_samples import payments
from shared.contracts.payments import ActSigned
from shared.programme.stages import Rules
from tests.builders.events import (
    at,
    attended,
    booked,
    cancelled,
    enveloped,
    guardian_erased,
    guardian_linked,
    registered,
    revoked,
)

TERMS = Terms(Rules(frozenset({"readiness", "interests"}), trials_required=2), closes="2020-12-16")
NAMES = st.text(st.sampled_from("7А.$%2E45"), min_size=1, max_size=6)


def told(*events: tuple[str, Event]) -> Contribution:
    pupil = Pupil()
    for number, (day, event) in enumerate(events, 1):
        learn(pupil, enveloped(event, number, at(day)))
    return contribution("p1", "2020", pupil, TERMS)


def demand(*events: tuple[str, Event]) -> dict[tuple[str, ...], int]:
    return {cell.path: n for cell, n in told(*events).cells.items() if cell.table == "demand"}


def test_demand_is_of_trials_that_stand() -> None:
    entered = ("2020-09-01", registered())
    assert demand(
        entered,
        ("2020-09-02", booked(slot="s1")),
        ("2020-09-02", booked(slot="s2")),
        ("2020-09-03", cancelled(slot="s2")),
        ("2020-09-04", attended(slot="s1")),
        ("2020-09-05", attended(slot="s3", competency="police")),
        ("2020-09-06", revoked(slot="s3")),
        ("2020-09-07", booked(slot="s4", kind="excursion")),
        ("2020-09-08", attended(slot="s4", kind="excursion")),
    ) == {("booked", "gov", "2020-09-02"): 1, ("attended", "gov", "2020-09-04"): 1}


def test_nothing_is_counted_before_the_registration() -> None:
    early = ("2020-09-02", booked(slot="s1")), ("2020-09-03", attended(slot="s1")), ("2020-08-01", guardian_linked())
    late = told(("2020-10-01", registered()), *early)
    assert {cell.path[-1] for cell in late.cells} == {"2020-10-01"}
    assert {link.span.begins for link in late.links} == {"2020-10-01"}


@pytest.mark.parametrize("days", [("2020-09-02", "2020-09-05"), ("2020-09-05", "2020-09-02")])
def test_a_guardian_counts_from_the_first_link(days: tuple[str, str]) -> None:
    links = told(("2020-09-01", registered()), *((day, guardian_linked()) for day in days)).links
    assert [link.span.begins for link in links] == ["2020-09-02"]


@given(st.dictionaries(st.tuples(NAMES, NAMES, st.just("2020-09-14")), st.integers(-3, 3), max_size=6))
def test_what_is_packed_is_read_back_whatever_its_names_hold(cells: dict[tuple[str, ...], int]) -> None:
    """A name may hold what MongoDB would take for a path, and what such a name is written as."""
    tree: dict[str, Any] = {}
    for field, n in increments(cells).items():
        below, (*path, last) = tree, field.split(".")
        for name in path:
            assert not name.startswith("$")
            below = below.setdefault(name, {})
        below[last] = n
    held = {path: n for path, n in cells.items() if n}
    assert {tuple(path): n for path, n in leaves(tree.get("n", {}))} == held
    whole = Counter[tuple[str, ...]]()
    for (name, *_), n in cells.items():
        whole[name,] += n
    read = {tuple(path): n for path, n in leaves(tree.get("total", {}), 1)}
    assert {path: n for path, n in read.items() if n} == {path: n for path, n in whole.items() if n}


def test_equal_shares_share_a_rank_and_the_next_is_left_out() -> None:
    shares = {"D": (1, 3), "B": (1, 2), "A": (2, 4), "C": (3, 3), "E": (0, 5)}
    rows = [{"municipality": code, "name": code, "completed": n, "tested": of} for code, (n, of) in shares.items()]
    table = ranked(rows)
    assert [(row["rank"], row["municipality"]) for row in table] == [(1, "C"), (2, "A"), (2, "B"), (4, "D"), (5, "E")]
    assert table[3]["share"] == pytest.approx(1 / 3)


def test_ids_of_a_feed_are_of_one_region_and_one_epoch() -> None:
    event = enveloped(registered(disability=True))
    feeds = [("RU-ROS", 1), ("RU-ROS", 2), ("RU-TAM", 1)]
    records = [Pseudonyms(bytes(32), region, epoch).record(event) for region, epoch in feeds]
    assert len({record["key"] for record in records}) == len({record["attributes"]["id"] for record in records}) == 3
    assert all("disability" not in record["data"] and "p1" not in record["data"] for record in records)


def test_a_feed_tells_of_a_guardian_who_had_no_account() -> None:
    feed = Pseudonyms(bytes(32), "RU-ROS", 1)
    linked = feed.record(enveloped(guardian_linked()))
    for account, told in (("a-g1", linked), (None, None)):
        data = json.loads(feed.record(enveloped(guardian_erased(account=account)))["data"])
        assert data["account"] == (told and json.loads(told["data"])["account"])
        assert data["guardian"] == json.loads(linked["data"])["guardian"]


def test_a_feed_knows_the_attendances_of_an_act_by_the_ids_that_it_told() -> None:
    feed = Pseudonyms(bytes(32), "RU-ROS", 1)
    (act,) = (event for _, event in payments("t-p1-s1", "s1") if isinstance(event, ActSigned))
    told = [json.loads(feed.record(enveloped(event))["data"]) for event in (attended(), act)]
    assert told[1]["attendances"] == [told[0]["attendance"]] != ["t-p1-s1"]


def test_an_erased_guardian_stays_in_figures() -> None:
    pupil = Pupil()
    learn(pupil, enveloped(guardian_linked()))
    before = dict(pupil.cabinets)
    assert not learn(pupil, enveloped(guardian_erased(), 2))
    assert pupil.cabinets == before
