"""Two entries of one pupil: all that one had is the other's, and goes back, and nothing is told that did not happen."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.archive import archive
from services.registration.domain.classes import class_of
from services.registration.domain.consents import give_consent, withdraw_consent
from services.registration.domain.enrolment import with_guardians
from services.registration.domain.links import link_account, link_guardian
from services.registration.domain.merges import MOST_DUPLICATES, Pair, merge, unmerge
from services.registration.domain.moves import move
from services.registration.domain.participants import NO_KEY, Consent, Participant, former_key
from services.registration.domain.roster_entries import MOST_GUARDIANS
from services.registration.domain.school_keys import Pupils
from shared.base.errors import BadInput, Conflict
from shared.contracts.registration import ParticipantMerged, ParticipantUnmerged
from tests.builders.events import at
from tests.builders.registration import CODES, SCHOOL, entry
from tests.drivers.told import events

OTHER = SCHOOL.model_copy(update={"id": "RU-ROS-002-S04", "municipality": "RU-ROS-002"})
TIME, LATER = at("2020-10-20"), at("2020-11-20")


def elsewhere(state: Participant) -> Participant:
    place = class_of(OTHER, "7В")
    return state.model_copy(
        update={"place": place, "placements": tuple(p.model_copy(update={"place": place}) for p in state.placements)}
    )


def consent(guardian: str, day: str) -> Consent:
    return Consent(version="2020-1", channel="paper", given_at=at(day), guardian=guardian)


@st.composite
def entries(draw: st.DrawFn, id: str) -> Participant:
    state: Participant = draw(st.sampled_from([entry(id, id), elsewhere(entry(id, id))]))
    guardians = [f"{id}-{n}" for n in range(draw(st.integers(0, 2)))]
    state = with_guardians(state, guardians)
    for guardian, is_open in zip(guardians, draw(st.tuples(st.booleans(), st.booleans())), strict=False):
        if is_open:
            state = link_guardian(state, guardian, f"account-{guardian}", at("2020-09-15")).state
    if draw(st.booleans()):
        state = link_account(state, f"own-{id}", at("2020-09-15")).state
    if draw(st.booleans()) and guardians:
        state = give_consent(state, consent(guardians[0], f"2020-09-{draw(st.integers(10, 20))}")).state
        if draw(st.booleans()):
            state = withdraw_consent(state, at(f"2020-10-{draw(st.integers(1, 19)):02}")).state
    seasons = {"2020": at(f"2020-09-{draw(st.integers(14, 16))}")}
    seasons |= draw(st.sampled_from([{}, {"2021": at("2021-09-14")}]))
    return state.model_copy(update={"seasons": seasons, "disability": draw(st.booleans())})


def told(pair: Pair) -> tuple[list[str], list[str]]:
    return events(pair.survivor), events(pair.duplicate)


@given(entries("a"), entries("b"))
def test_all_that_the_duplicate_had_is_the_survivors(one: Participant, other: Participant) -> None:
    pair = merge(one, other, {}, TIME)
    state, row = pair.survivor.state, pair.duplicate.state
    assert set(state.guardians) == {*one.guardians, *other.guardians}
    assert state.linked == one.linked | other.linked
    assert state.account == (one.account or other.account)
    assert state.seasons.keys() == one.seasons.keys() | other.seasons.keys()
    assert all(state.seasons[s] == min(e.seasons[s] for e in (one, other) if s in e.seasons) for s in state.seasons)
    assert state.disability == (one.disability or other.disability)
    withdrawn = one.consents[-1].withdrawn_at if one.consents else None
    holds = other.consent is not None and (withdrawn is None or other.consent.given_at > withdrawn)
    assert (state.consent is not None) == (one.consent is not None or holds)
    assert (state.place, state.history) == (one.place, one.history)
    assert row == Participant(
        id=other.id,
        sequence=other.sequence,
        place=other.place,
        placements=other.history,
        external_ref=NO_KEY + other.id,
        seasons=other.seasons,
        merged=row.merged,
    ), "nothing is left by which the duplicate is found"
    links = ["guardian.linked.v1"] * len(other.linked)
    assert told(pair)[1] == ["participant.merged.v1"]
    assert told(pair)[0][: 1 + len(links)] == ["participant.merged.v1", *links]
    for decision, role, theirs in ((pair.survivor, "survivor", other), (pair.duplicate, "duplicate", one)):
        event = decision.happened[0].event
        assert isinstance(event, ParticipantMerged)
        assert (event.role, event.other, event.other_region) == (role, theirs.id, theirs.place.region)
    again = merge(state, row, {}, LATER)
    assert (again.survivor.made, again.duplicate.made) == (False, False)


@given(entries("a"), entries("b"))
def test_parting_gives_back_what_there_was(one: Participant, other: Participant) -> None:
    merged = merge(one, other, {}, TIME)
    stored = merged.duplicate.state.model_copy(update={"sequence": 4})
    pair = unmerge(merged.survivor.state, stored, LATER)
    state, back = pair.survivor.state, pair.duplicate.state
    assert back == other.model_copy(update={"sequence": 4})
    adopted = merged.survivor.state.duplicates[other.id]
    same = {"placements", "consents", "issued", "revoked"}
    assert state.model_dump(exclude=same) == one.model_dump(exclude=same)
    assert (state.history, state.consent) == (one.history, one.consent)
    ends = ["guardian.unlinked.v1"] * len(adopted.cabinets)
    ends += ["account.unlinked.v1"] * (adopted.account is not None)
    ends += ["consent.withdrawn.v1"] * (adopted.consent is not None)
    assert told(pair) == (["participant.unmerged.v1", *ends], ["participant.unmerged.v1"])
    assert isinstance(pair.duplicate.happened[0].event, ParticipantUnmerged)


def test_what_was_entered_meanwhile_stays_with_the_survivor() -> None:
    one, other = entry("a", "1"), with_guardians(entry("b", "2"), ["g"])
    other = link_guardian(give_consent(other, consent("g", "2020-09-15")).state, "g", "mother", at("2020-09-16")).state
    merged = merge(one, other, {}, TIME)
    state = move(merged.survivor.state, class_of(SCHOOL, "7Б"), at("2020-11-01")).state
    state = withdraw_consent(state, at("2020-11-02")).state
    state = give_consent(state, Consent(version="2", channel="cabinet", given_at=at("2020-11-03"), guardian="g")).state
    after = unmerge(state, merged.duplicate.state, LATER).survivor.state
    assert after.place == class_of(SCHOOL, "7Б")
    assert after.guardians == ("g",), "the giver of the consent in force"
    assert after.consent is not None
    assert after.linked == {}, "whose cabinet was the duplicate's is shown the duplicate"


def test_a_guardian_of_both_is_one() -> None:
    one = link_guardian(with_guardians(entry("a", "1"), ["mother"]), "mother", "m", at("2020-09-15")).state
    other = link_guardian(with_guardians(entry("b", "2"), ["mum", "dad"]), "mum", "m", at("2020-09-15")).state
    other = give_consent(other, consent("mum", "2020-09-16")).state
    merged = merge(one, other, {"mum": "mother"}, TIME)
    state = merged.survivor.state
    assert (state.guardians, state.linked) == (("mother", "dad"), {"mother": "m"})
    assert state.consent is not None
    assert state.consent.guardian == "mother"
    assert told(merged)[0] == ["participant.merged.v1", "consent.given.v1"]
    assert merged.survivor.happened[1].time == at("2020-09-16"), "it was in force when steps were taken"


def test_the_keys_of_the_duplicate_lead_to_the_survivor() -> None:
    one, other = entry("a", "1"), elsewhere(entry("b", "В-2", ref_key=None, former=("RU-ROS-009-S01/Z",)))
    merged = merge(one, other, {}, TIME)
    pupils = Pupils([merged.duplicate.state, merged.survivor.state])
    for school, key in ((SCHOOL.id, "1"), (OTHER.id, "в-2"), ("RU-ROS-009-S01", "z")):
        found = pupils.of_school(school, key)
        assert found is not None
        assert found.id == "a"
    assert former_key(OTHER.id, "B-2") in merged.survivor.state.former


def test_codes_of_the_duplicate_are_useless_and_its_guardians_get_others() -> None:
    one, other = entry("a", "1"), with_guardians(entry("b", "2"), ["g"]).with_codes(CODES, TIME, LATER)
    merged = merge(one, other, {}, TIME)
    assert merged.duplicate.state.codes == ()
    after = merged.survivor.state.with_codes(CODES, TIME, LATER)
    assert {code.guardian for code in after.codes} == {None, "g"}
    assert not {code.digest for code in after.codes} & {code.digest for code in other.codes}


def refusal(one: Participant, other: Participant, time: datetime = TIME) -> tuple[str, list[str]]:
    with pytest.raises((Conflict, BadInput)) as refused:
        merge(one, other, {}, time)
    return refused.value.type, [error.pointer for error in refused.value.errors or ()]


def test_what_cannot_be_one_is_refused_at_its_word() -> None:
    one, other, third = entry("a", "1"), entry("b", "2"), entry("c", "3")
    assert refusal(one, one) == ("bad-input", ["duplicate"])
    away = archive(other, "left", TIME).state
    assert refusal(one, away) == ("participant-archived", ["duplicate"])
    assert refusal(away, one) == ("participant-archived", ["survivor"])
    merged = merge(one, other, {}, TIME)
    assert refusal(third, merged.duplicate.state) == ("merged-already", ["duplicate"])
    assert refusal(merged.duplicate.state, third) == ("merged-already", ["survivor"])
    assert refusal(third, merged.survivor.state) == ("has-duplicates", ["duplicate"])
    with pytest.raises(Conflict) as refused:
        unmerge(third, merged.duplicate.state, LATER)
    assert refused.value.type == "not-merged"


def test_bounds_hold_for_what_is_taken_on() -> None:
    state = entry("a", "1")
    for n in range(MOST_DUPLICATES):
        state = merge(state, entry(f"b{n}", f"r{n}"), {}, TIME + timedelta(minutes=n)).survivor.state
    assert refusal(state, entry("one more", "9")) == ("too-many-duplicates", ["survivor"])
    crowd = with_guardians(entry("b", "2"), [f"g{n}" for n in range(MOST_GUARDIANS)])
    assert refusal(with_guardians(entry("c", "3"), ["h"]), crowd) == ("too-many-guardians", ["guardians"])
