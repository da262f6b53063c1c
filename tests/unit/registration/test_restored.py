"""Pupils as their own events tell of them, for a database that was put back: nothing that they say is made up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.archive import archive, restore
from services.registration.domain.classes import class_of
from services.registration.domain.consents import give_consent, withdraw_consent
from services.registration.domain.links import link_account, link_guardian, unlink
from services.registration.domain.merges import merge
from services.registration.domain.moves import move
from services.registration.domain.participants import NO_KEY, Consent, Participant
from services.registration.domain.placements import Place
from services.registration.domain.restoring import UNKNOWN, nameless, told, without_adopted
from shared.contracts.event import Envelope
from shared.contracts.registration import ParticipantArchived, ParticipantMoved, ParticipantRegistered
from shared.programme import place as programme
from shared.storage.decision import Decision
from tests.builders.events import at, enveloped, registered
from tests.builders.registration import SCHOOL, entry

Step = Callable[[Participant, datetime], Decision[Participant]]
STEPS: dict[str, Step] = {
    "archive": lambda pupil, time: archive(pupil, "left", time),
    "restore": restore,
    "move": lambda pupil, time: move(pupil, class_of(SCHOOL, f"7{'БВГ'[time.day % 3]}"), time),
    "consent": lambda pupil, time: give_consent(pupil, _consent(time)),
    "withdraw": withdraw_consent,
    "link": lambda pupil, time: link_guardian(pupil, "g1", "account", time),
    "unlink": lambda pupil, time: unlink(pupil, "g1", "staff", time),
    "own": lambda pupil, time: link_account(pupil, "own", time),
    "close": lambda pupil, time: unlink(pupil, None, "family", time),
}


def _consent(time: datetime) -> Consent:
    return Consent(version=f"v{time.day}", channel="paper", given_at=time, guardian="g1")


def place_of(place: programme.Place, _: datetime) -> Place:
    return Place(**place._asdict(), utc_offset="+03:00")


def walked(pupil: Participant, steps: list[str]) -> tuple[Participant, list[Envelope]]:
    """A pupil after steps that are taken day by day, as far as each can be, and the events of them."""
    happened: list[Envelope] = []
    for day, step in enumerate(steps, 1):
        if pupil.archived is not None and step == "move":
            continue
        decision = STEPS[step](pupil, at(f"2020-10-{day:02d}"))
        numbers = range(pupil.sequence + 1, pupil.sequence + 1 + len(decision.happened))
        happened += [enveloped(h.event, n, h.time) for n, h in zip(numbers, decision.happened, strict=True)]
        pupil = decision.state.model_copy(update={"sequence": pupil.sequence + len(decision.happened)})
    return pupil, happened


def without_giver(pupil: Participant) -> Participant:
    """The pupil as events alone can tell: placements of the roster are as good as none."""
    consents = tuple(consent.model_copy(update={"guardian": UNKNOWN}) for consent in pupil.consents)
    return pupil.model_copy(update={"consents": consents, "placements": pupil.history})


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=25), st.integers(0, 25))
def test_a_pupil_of_a_backup_is_brought_to_where_it_was(steps: list[str], backed_up: int) -> None:
    first = entry("p1", "1", guardians=("g1",))
    kept, _ = walked(first, steps[:backed_up])
    now, happened = walked(first, steps)
    state = kept
    for envelope in (one for one in happened if int(one.sequence) > kept.sequence):
        state = told(state, envelope, place_of)
    assert without_giver(state) == without_giver(now)


def test_a_pupil_whom_the_backup_lacks_has_no_name_and_no_key() -> None:
    first = enveloped(registered("lost", season="2020", disability=True), 1, at("2020-09-14"))
    entered = told(nameless(first, place_of), first, place_of)
    assert (entered.sequence, entered.seasons, entered.disability) == (1, {"2020": at("2020-09-14")}, True)
    assert (entered.lost, entered.external_ref, entered.ref_key, entered.codes) == (True, f"{NO_KEY}lost", None, ())
    assert entered.erased_at is not None, "nobody finds it"
    fields = entered.place.event_fields("lost")
    gone = told(entered, enveloped(ParticipantArchived(**fields, reason="mistake"), 2), place_of)
    assert (gone.sequence, gone.archived and gone.archived.reason, gone.place) == (2, "mistake", entered.place)


def test_a_lost_entry_is_merged_into_the_one_that_was_entered_again() -> None:
    first = enveloped(registered("lost", season="2020"), 1, at("2020-09-14"))
    lost = told(nameless(first, place_of), first, place_of)
    lost = link_account(lost, "own", at("2020-09-15")).state
    new = entry("new", "1", seasons={"2020": at("2020-11-01")})
    pair = merge(new, lost, {}, at("2020-11-02"))
    survivor = pair.survivor.state
    assert (survivor.seasons, survivor.account, survivor.former) == ({"2020": at("2020-09-14")}, "own", ())


def test_what_events_tell_of_a_merging_is_given_once_more_by_it() -> None:
    given, own = _consent(at("2020-09-10")), at("2020-09-12")
    duplicate = entry("d", "2", guardians=("g1",), linked={"g1": "account"}, account="own", consents=(given,))
    survivor = entry("s", "1")
    live = merge(survivor, duplicate, {}, at("2020-10-20"))
    state = survivor
    for number, happened in enumerate(live.survivor.happened, 4):
        state = told(state, enveloped(happened.event, number, happened.time), place_of)
    assert (state.linked, state.account) == ({"g1": "account"}, "own")
    again = merge(without_adopted(state, duplicate), duplicate, {}, at("2020-10-20"))
    expected: Any = live.survivor.state.model_copy(update={"sequence": state.sequence})
    assert again.survivor.state == expected
    assert own < at("2020-10-20")


@pytest.mark.parametrize("kind", [ParticipantRegistered, ParticipantMoved])
def test_places_are_told_with_their_days(kind: type[Any]) -> None:
    state = entry("p1", "1")
    fields = state.place.event_fields("p1")
    there = state.place.plain._replace(school_class="7Г")
    event = (
        kind(**there.event_fields("p1"), season="2021")
        if kind is ParticipantRegistered
        else kind(**fields, **state.place.plain.fields_of("from"), **there.fields_of("to"))
    )
    after = told(state, replace(enveloped(event, 4), time=at("2021-09-05")), place_of)
    assert (after.place.school_class, after.place_on("2021-09-04")) == ("7Г", state.place)
    assert ("2021" in after.seasons) == (kind is ParticipantRegistered)
