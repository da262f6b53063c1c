"""Lessons of a school: who was in one is noted once, and taken back where that was wrong or without consent."""

from dataclasses import replace

import pytest

from services.trials.copies.joining import Joined
from services.trials.copies.participants import ConsentChange, Participant
from services.trials.domain.path import steps
from services.trials.domain.path.caller import Caller
from services.trials.domain.path.paths import Path, Paths, stages
from services.trials.domain.path.restoring import correction_of, has, walked
from services.trials.domain.path.states import States
from services.trials.domain.presence.lessons import HeldLesson, LessonBatch, LessonRevocation
from shared.base.errors import ServiceError
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.programme.clocks import Clocks
from shared.storage.decision import Decision
from tests.builders.events import PLACE, at, enveloped
from tests.builders.trials import pupil, season
from tests.builders.walks import GATE, diagnosed, ids

SCHOOL, CLOCKS, NOW = PLACE["school"], Clocks({"RU-ROS": "+03:00"}), at("2020-11-01")
HELD = HeldLesson("2020", SCHOOL, "monday", "4", at("2020-09-21"))


def staff(org: str = SCHOOL) -> Principal:
    return Principal("s", "a", (Grant("navigator", org),))


def batch(held: HeldLesson = HELD, one: Participant | None = None, path: Path | None = None) -> LessonBatch:
    """A lesson of one pupil, in the hands of the pupil's navigator."""
    known = one or pupil()
    states = States(
        {known.id: known}, Paths([path] if path else []), {"2020": season()}, CLOCKS, {known.id: [known.id]}
    )
    return LessonBatch(held, states, Caller(staff(known.school), NOW, states.pupils, CLOCKS), ids())


def heard(path: Path | None = None) -> Decision[Path]:
    """The pupil was in the lesson."""
    one = batch(path=path)
    assert one.attend("p1").new
    (decision,) = one.states.paths.made
    return decision


def test_a_lesson_counts_as_taking_part_and_as_no_trial() -> None:
    path = heard(diagnosed()).state
    reached = stages(path, season(), at("2020-09-01"))
    assert (reached.participated, reached.attended) == (at("2020-09-14"), None)
    alone = stages(heard().state, season(), at("2020-09-01"))
    assert (alone.participated, alone.tested, alone.attended) == (at("2020-09-21"), None, None)


@pytest.mark.parametrize(("org", "slug"), [("RU-ROS", None), (SCHOOL, "bad-input")])
def test_an_operator_lets_a_lesson_be_held_outside_the_season(org: str, slug: str | None) -> None:
    early = replace(HELD, occurred_at=at("2020-06-20"), exception="late-papers")
    given = ConsentChange(sequence="0000000002", time=at("2020-06-01"), given=True)
    one = batch(early, pupil(consent_changes=(given,)))
    who = staff() if slug else Principal("o", "a", (Grant("regional-operator", org),))
    caller = replace(one.caller, who=who)
    if slug is not None:
        with pytest.raises(ServiceError) as refused:
            replace(one, caller=caller).attend("p1")
        assert refused.value.type == slug
        return
    assert replace(one, caller=caller).attend("p1").new
    (decision,) = one.states.paths.made
    assert [getattr(fact.event, "exception", "") for fact in decision.happened] == ["late-papers"]


def test_a_lesson_sent_again_changes_nothing_and_its_ref_names_no_other() -> None:
    path = heard().state
    again = batch(path=path)
    assert not again.attend("p1").new
    assert again.states.paths.made == []
    for other in (replace(HELD, theme="5"), replace(HELD, occurred_at=at("2020-09-22"))):
        with pytest.raises(ServiceError) as refused:
            batch(other, path=path).attend("p1")
        assert refused.value.type == "ref-reused"
    assert batch(replace(HELD, ref="tuesday"), path=path).attend("p1").new


WITHDRAWN = ConsentChange(sequence="0000000003", time=at("2020-09-20"), given=False)


@pytest.mark.parametrize(
    ("held", "one", "slug"),
    [
        (HELD, pupil(consent=False, consent_changes=(*pupil().consent_changes, WITHDRAWN)), "consent-missing"),
        (HELD, pupil(seasons={}), "not-in-season"),
        (HELD, pupil(school="RU-ROS-001-S02"), "not-in-school"),
        (replace(HELD, occurred_at=at("2020-12-17")), pupil(), "bad-input"),
        (replace(HELD, occurred_at=at("2020-07-01")), pupil(), "outside-season"),
    ],
)
def test_who_may_not_take_part_is_in_no_lesson(held: HeldLesson, one: Participant, slug: str) -> None:
    with pytest.raises(ServiceError) as refused:
        batch(held, one).attend("p1")
    assert refused.value.type == slug


def revocation(who: Principal, day: str = "2020-10-01") -> LessonRevocation:
    return LessonRevocation(HELD.id, "2020", "не было", at(day), who, NOW, None)


def test_a_lesson_is_taken_back_once_by_the_school_that_held_it_or_that_of_the_pupil() -> None:
    path = heard().state
    for org in (SCHOOL, "RU-ROS-001-S02"):
        states = batch(one=pupil(school="RU-ROS-001-S02"), path=path).states
        assert revocation(staff(org)).revoke(states, "p1").new
        (decision,) = states.paths.made
        (fact,) = decision.happened
        assert fact.event.type == "lesson.revoked.v1"
        assert decision.state.lessons[0].reason == "не было"
        assert not revocation(staff(org)).revoke(states, "p1").new
        assert stages(decision.state, season(), at("2020-09-01")).participated is None
    for who, day in ((staff("RU-ROS-001-S03"), "2020-10-01"), (staff(), "2020-09-20")):
        with pytest.raises(ServiceError):
            revocation(who, day).revoke(batch(path=path).states, "p1")


def test_a_lesson_of_an_erased_pupil_stays_as_it_is() -> None:
    path = heard().state
    states = batch(one=pupil(erased=True), path=path).states
    with pytest.raises(ServiceError) as refused:
        revocation(staff()).revoke(states, "p1")
    assert (refused.value.type, states.paths.made) == ("participant-unknown", [])


def test_a_lesson_after_the_end_of_a_consent_is_taken_back() -> None:
    path = heard().state
    one = pupil(consent=False, consent_changes=(*pupil().consent_changes, WITHDRAWN))
    decision = steps.follow(path, Joined(one), GATE, {})
    assert [fact.event.model_dump(include={"reason"}) for fact in decision.happened] == [{"reason": "consent"}]
    assert steps.follow(decision.state, Joined(one), GATE, {}).happened == ()


def test_a_restored_path_has_its_lessons_and_knows_those_sent_again() -> None:
    told = heard()
    states = batch(path=told.state).states
    revocation(staff()).revoke(states, "p1")
    (back,) = states.paths.made
    happened = [*told.happened, *back.happened]
    envelopes = [enveloped(one.event, n, one.time) for n, one in enumerate(happened, 1)]
    path = walked(Path.new("p1", "2020"), envelopes[0], {})
    assert path.lessons == told.state.lessons
    assert not batch(path=path).attend("p1").new
    correction = correction_of(envelopes[1])
    assert correction is not None
    assert has(path, correction)
    bare = tuple(lesson.model_copy(update={"reason": None}) for lesson in back.state.lessons)
    assert walked(path, envelopes[1], {}).lessons == bare
