"""What is left of an erased pupil, and the act that proves it."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.caller import Caller
from services.registration.domain.erasure import SERVICES, Act, Cleared, Proof, Service, erase
from services.registration.domain.links import link_account, link_guardian
from services.registration.domain.participants import Participant
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.events import at
from tests.builders.registration import NOW, entered, pupil
from tests.drivers.told import events


def linked() -> Participant:
    state = entered(pupil("Ключ-1")).decisions[0].state
    return link_account(link_guardian(state, state.guardians[0], "mother", NOW).state, "child", NOW).state


def test_what_is_left_names_nobody() -> None:
    before = linked()
    erased = erase(before, "act-1", NOW)
    assert events(erased) == ["participant.erased.v1"]
    left = repr(erased.state)
    for person in (before.external_ref, before.ref_key, *before.guardians, "mother", "child"):
        assert person is not None
        assert person not in left
    assert (erased.state.place, erased.state.seasons) == (before.place, before.seasons)
    assert (erased.state.codes, erased.state.consents, erased.state.disability) == ((), (), False)


def test_an_erased_pupil_is_in_nobody_s_scope() -> None:
    erased = erase(linked(), "act-1", NOW).state
    for who in (
        Principal("s", "child", (Grant("pupil"),)),
        Principal("s", "mother", (Grant("guardian"),)),
        Principal("s", "x", (Grant("national-operator", "RU"),)),
    ):
        caller = Caller(who)
        assert not caller.is_staff_of(erased)
        assert not caller.is_pupil(erased)
        assert caller.guardian_of(erased) is None


@given(st.lists(st.sampled_from(SERVICES), max_size=6))
def test_an_act_is_closed_by_the_last_service_and_each_answers_once(order: list[Service]) -> None:
    state = linked()
    act = Act(id="a", participant=state.id, place=state.place, erased_at=NOW)
    for number, service in enumerate(order):
        act = act.answered(service, Cleared(at=NOW + timedelta(seconds=number), rows={"vault": number}))
    firsts = {service: order.index(service) for service in order}
    assert {service: cleared.rows["vault"] for service, cleared in act.cleared.items()} == firsts
    is_closed = set(order) == set(SERVICES)
    assert act.closed_at == (NOW + timedelta(seconds=max(firsts.values())) if is_closed else None)


def test_the_proof_of_a_consent_names_no_giver() -> None:
    (consent,) = linked().consents
    proof = Proof.of(consent)
    assert (proof.version, proof.channel, proof.given_at) == ("2020-1", "paper", at("2020-09-01", 12))
    assert consent.guardian not in repr(proof)
