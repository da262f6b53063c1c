"""What a pupil needs is stated with a consent, the statement made last holds, and it goes with the consent."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.copies.joining import Joined
from services.trials.copies.participants import Archiving, ConsentChange
from services.trials.domain.places.needs import Need
from services.trials.domain.places.programmes import Programme
from services.trials.domain.places.venue_terms import VenueTerms
from services.trials.domain.places.venues import Venue
from services.trials.domain.seats.statements import NeedsCommand, Statement, has_lapsed, in_force, served, state, unmet
from shared.base.errors import BadInput, Conflict
from tests.builders.events import at
from tests.builders.trials import PROGRAMME, VENUE, pupil, slot

NOW = at("2020-10-01")
SIGNED: dict[str, Any] = {"template": "0" * 64, "register_number": "7"}


def consents(*changes: tuple[str, bool], until: str | None = None) -> Joined:
    """A pupil whose consent was given and withdrawn on these days."""
    made = [
        ConsentChange(sequence=f"{n:010}", time=at(day), given=given, until=until and at(until))
        for n, (day, given) in enumerate(changes, 1)
    ]
    return Joined(pupil(consent_changes=tuple(made), consent=changes[-1][1]))


def said(day: str = "2020-09-14", *needs: Need, entry: str = "p1") -> Statement:
    return Statement(entry, needs or ("assistant",), at(day))


def venue(**terms: Any) -> Venue:
    fields: dict[str, Any] = {"id": VENUE, "organisation": VENUE, "name": "Колледж", "seasons": {"2020": "regional"}}
    return Venue(**fields, region="RU-ROS", municipality="RU-ROS-001", terms={"2020": VenueTerms(**terms)})


def programme(*needs: Need) -> Programme:
    fields = {**PROGRAMME, "region": "RU-ROS", "link": None, "needs": needs}
    return Programme.model_validate({"id": "p", **fields})


def test_staff_state_needs_by_a_signed_consent_and_a_guardian_by_a_word() -> None:
    asked: dict[str, Any] = {"needs": ("wheelchair", "assistant")}
    stated = state(Joined(pupil()), NeedsCommand(**asked), is_staff=False, time=NOW, now=NOW)
    assert (stated.entry, stated.needs, stated.time, stated.template) == ("p1", asked["needs"], NOW, None)
    assert Statement.of(stated.document()) == stated
    for missing in SIGNED:
        command = NeedsCommand(**asked, **{**SIGNED, missing: None})
        with pytest.raises(BadInput) as wrong:
            state(Joined(pupil()), command, is_staff=True, time=NOW, now=NOW)
        assert [error.pointer for error in wrong.value.errors] == [missing]
    assert state(Joined(pupil()), NeedsCommand(**asked, **SIGNED), is_staff=True, time=NOW, now=NOW).register_number


@pytest.mark.parametrize("needs", [(), ("wheelchair", "wheelchair"), ("blind",), ("wheelchair",) * 6])
def test_no_diagnosis_and_no_need_twice_is_stated(needs: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        NeedsCommand.model_validate({"needs": needs})


def test_nothing_is_stated_without_a_consent_since_then() -> None:
    command, week = NeedsCommand(needs=("assistant",)), timedelta(days=7)
    for joined in (consents(("2020-09-28", True)), consents(("2020-09-01", True), ("2020-09-30", False))):
        with pytest.raises(Conflict) as refused:
            state(joined, command, is_staff=False, time=NOW - week, now=NOW)
        assert refused.value.type == "consent-missing"
    away = Archiving(sequence="0000000009", time=at("2020-09-30"), archived=True)
    with pytest.raises(Conflict) as refused:
        state(Joined(pupil(archivings=(away,))), command, is_staff=False, time=NOW - week, now=NOW)
    assert refused.value.type == "participant-archived"


def test_a_statement_ends_with_the_consent_under_which_it_was_made() -> None:
    kept = consents(("2020-09-01", True))
    assert in_force(kept, {"p1": said()}, NOW) == said()
    assert not has_lapsed(said(), kept)
    for ended in (
        consents(("2020-09-01", True), ("2020-09-20", False)),
        consents(("2020-09-01", True), ("2020-09-20", False), ("2020-09-25", True)),
    ):
        assert has_lapsed(said(), ended)
        assert in_force(ended, {"p1": said()}, NOW) is None or ended.pupil.consent
    again = said("2020-09-26")
    assert in_force(ended, {"p1": again}, NOW) == again
    assert not has_lapsed(again, ended)
    termed = consents(("2020-09-01", True), until="2020-09-20")
    assert in_force(termed, {"p1": said()}, at("2020-09-19")) == said()
    assert in_force(termed, {"p1": said()}, NOW) is None
    assert not has_lapsed(said(), consents(("2020-09-01", True), until="2020-12-20")), "a term that is still to end"


def test_of_two_entries_the_statement_made_last_holds() -> None:
    joined = Joined(pupil("s"), (pupil("d"),))
    first, last = said("2020-09-14", "wheelchair", entry="s"), said("2020-09-15", "quiet-room", entry="d")
    assert in_force(joined, {"s": first, "d": last}, NOW) == last
    assert in_force(Joined(pupil("s")), {"s": first}, NOW) == first


NEEDS = st.lists(st.sampled_from(["wheelchair", "sign-language", "quiet-room"]), unique=True)


@given(asked=NEEDS, own=NEEDS, other=NEEDS, terms=st.none() | NEEDS)
def test_a_need_is_met_by_the_slot_or_its_programme_unless_the_venue_says_no(
    asked: list[Need], own: list[Need], other: list[Need], terms: list[Need] | None
) -> None:
    held, both = slot(accessibility=tuple(own)), programme(*other)
    host = venue(accessibility=None if terms is None else tuple(terms))
    there = served(own, host.terms_in("2020"), both)
    assert set(unmet(asked, held, host, both)) == set(asked) - there
    assert all((need in own or need in other) and need in (terms or there) for need in there)
    assert unmet(asked, held, None, None) == [need for need in asked if need not in own]
