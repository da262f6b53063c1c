"""What trials takes from a caller: text and times that can be stored, and roles that a link bears out."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.trials.answers.commands import AttemptAnswer, BookingAnswer
from services.trials.api.items import wanted
from services.trials.api.slots import KeyedOffer
from services.trials.domain.calendar.seasons import SeasonRules
from services.trials.domain.catalogue.competencies import CompetencyEntry
from services.trials.domain.catalogue.diagnostics import AttemptCommand
from services.trials.domain.path.caller import UnknownParticipant, reaches
from services.trials.domain.path.steps import Revocation
from services.trials.domain.places.venues import VenueEntry
from services.trials.domain.presence.passes import PresenceEntry
from services.trials.domain.timetable.slots import SlotOffer
from services.trials.reads.catalogue import SLOTS
from shared.base.errors import BadInput, FieldError
from shared.http.batch import Item, each
from shared.http.paging import Paging
from shared.identity.family import FamilyLink
from shared.identity.grants import Grant, Role
from shared.identity.principal import Principal
from shared.storage.decision import Done
from tests.builders.events import at
from tests.builders.trials import ANSWERS, OFFER, RULES, VENUE, pupil

BROKEN = "\ud800"
"""Half of a surrogate pair: JSON can spell it, UTF-8 cannot."""
ATTEMPT: Mapping[str, Any] = {
    "ref": "r1",
    "participant": "p1",
    "season": "2020",
    "diagnostic": "readiness",
    "answers": ANSWERS,
}
BEYOND = ("0001-01-01T00:00:00+14:00", "1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "9999-12-31T23:59:59Z")


@pytest.mark.parametrize(
    ("model", "body", "field"),
    [
        (AttemptCommand, ATTEMPT, "occurred_at"),
        (PresenceEntry, {"participant": "p1", "source": "qr"}, "occurred_at"),
        (Revocation, {"reason": "x"}, "occurred_at"),
        (SeasonRules, RULES, "occurred_at"),
        (CompetencyEntry, {"name": "x"}, "occurred_at"),
        (VenueEntry, {"organisation": VENUE, "name": "x", "registry": "federal", "season": "2020"}, "occurred_at"),
        (SlotOffer, OFFER, "starts_at"),
    ],
)
def test_a_time_lies_in_a_year_that_a_season_can_have(
    model: type[BaseModel], body: Mapping[str, Any], field: str
) -> None:
    model.model_validate({**body, field: "2000-01-01T00:00:00+14:00"})
    model.model_validate({**body, field: "2100-12-31T23:59:59Z"})
    for time in BEYOND:
        with pytest.raises(ValidationError) as refused:
            model.model_validate({**body, field: time})
        (error,) = BadInput.invalid(refused.value).errors
        assert (error.pointer, error.detail) == (f"/{field}", "lies outside the years 2000 to 2100")


@pytest.mark.parametrize("time", BEYOND)
def test_a_cursor_of_slots_that_was_tampered_with_is_named(time: str) -> None:
    after = urlsafe_b64encode(f"{time} s1".encode()).decode()
    with pytest.raises(BadInput) as refused:
        SLOTS.cut(["s1"], lambda id: [at("2020-10-05"), id], Paging(after, 10))
    assert refused.value.errors[0].pointer == "after"


def test_a_cursor_of_slots_of_the_release_before_is_taken() -> None:
    after = urlsafe_b64encode(b"2020-10-05T07:00:00+00:00 s1").decode()
    assert SLOTS.cut(["s1", "s2"], lambda id: [at("2020-10-05"), id], Paging(after, 10)) == (["s2"], None)


@pytest.mark.parametrize(
    "changed", [{"ref": BROKEN}, {"participant": BROKEN}, {"season": BROKEN}, {"answers": {BROKEN: "yes"}}]
)
def test_an_attempt_that_is_no_text_is_refused_and_never_repeated(changed: Mapping[str, Any]) -> None:
    sent = {**ATTEMPT, **changed}
    with pytest.raises(ValidationError) as refused:
        AttemptCommand.model_validate(sent)
    answer = AttemptAnswer.of(sent, BadInput.invalid(refused.value, "/attempts/0"))
    answer.model_dump_json()
    assert answer.participant == (None if "participant" in changed else "p1")


@pytest.mark.parametrize("raw", [BROKEN, f"p{BROKEN}", "", "p" * 101, 5, None])
def test_a_booking_names_a_participant(raw: object) -> None:
    refusal = wanted(raw, "/participants/0").value
    assert isinstance(refusal, BadInput)
    assert BookingAnswer.of(raw, refusal).participant is None


def principal(*roles: Role) -> Principal:
    return Principal("s", "a1", tuple(Grant(role) for role in roles))


@pytest.mark.parametrize(
    ("linked", "granted", "expected"),
    [
        ("guardian", ["guardian"], True),
        ("guardian", ["pupil"], False),
        ("pupil", ["pupil"], True),
        ("pupil", ["guardian"], False),
        ("pupil", ["guardian", "pupil"], True),
        ("pupil", [], False),
    ],
)
def test_a_link_reaches_only_in_its_own_role(linked: Any, granted: list[Role], expected: bool) -> None:
    child = pupil(accounts=(FamilyLink(account="a2", role="pupil"), FamilyLink(account="a1", role=linked)))
    assert reaches(principal(*granted), child) is expected


def test_a_refusal_of_the_domain_is_located_in_the_request_and_keeps_its_words() -> None:
    wrong = BadInput("1 answers are wrong", errors=[FieldError("answers/q~19", "no such item")])
    late = BadInput.field("occurred_at", "lies in the future")
    unknown = UnknownParticipant.about("participant", "no such participant")
    told = iter([wrong, late, unknown])

    def refuse(_: object) -> Done[str]:
        raise next(told)

    command = AttemptCommand.model_validate(ATTEMPT)
    items: list[Item[Any]] = [
        Item("/attempts/2", command),
        Item("", command),
        Item("/participants/3", "p1", "participant"),
    ]
    refused = [
        (outcome.detail, outcome.errors[0].pointer) for outcome in each(items, refuse) if not isinstance(outcome, Done)
    ]
    assert refused == [
        ("1 answers are wrong", "/attempts/2/answers/q~19"),
        ("/occurred_at: lies in the future", "/occurred_at"),
        ("no such participant", "/participants/3"),
    ]


def test_a_slots_ref_may_stand_in_a_header() -> None:
    offer = SlotOffer.model_validate(OFFER)
    assert [KeyedOffer("", offer).pointer(word) for word in ("ref", "grades")] == ["header:Idempotency-Key", "/grades"]
