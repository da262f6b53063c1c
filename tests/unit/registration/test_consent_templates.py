"""A consent names the text that it is one to, and ends when that says: templates by region and season."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.registration.domain.consents import ConsentRequest, give_consent, withdraw_consent
from services.registration.domain.participants import Consent, Participant
from services.registration.domain.templates import (
    MOST_VERSIONS,
    Template,
    TemplateEntry,
    Templates,
    define,
    digest_of,
)
from shared.base.errors import BadInput, Conflict
from shared.contracts.registration import ConsentGiven
from tests.builders.events import at
from tests.builders.registration import enter, pupil, roster

TEXT = "Согласие на обработку\n\tперсональных данных"
WHERE = ("2020", "RU-ROS")


def entry(**changed: Any) -> TemplateEntry:
    return TemplateEntry.model_validate({"version": "1", "title": "Согласие", "text": TEXT, **changed})


def template(version: str = "1", since: str = "2020-08-01", **changed: Any) -> Template:
    made = define(None, entry(version=version, text=f"{TEXT} {version}"), WHERE, at(since), 0)
    return made.model_copy(update=changed)


TEMPLATES = Templates(
    [template(), template("2", "2020-09-20", days=30), template("old", "2019-08-01", season="2019", region="RU-ROS")],
    {"2020": date(2020, 12, 16), "2019": date(2020, 5, 31)},
)


def test_a_template_is_its_text_and_no_longer_changes_once_it_was_used() -> None:
    first = define(None, entry(), WHERE, at("2020-08-01"), 0)
    assert (first.digest, first.text, first.days) == (digest_of(TEXT), TEXT, None)
    assert define(first, entry(), WHERE, at("2020-08-05"), 1) is first
    longer = define(first, entry(days=30), WHERE, at("2020-08-05"), 1)
    assert (longer.days, longer.since) == (30, at("2020-08-05"))
    used = first.model_copy(update={"used": True})
    assert define(used, entry(), WHERE, at("2020-08-05"), 1) is used
    for changed in ({"days": 30}, {"text": TEXT + "."}, {"title": "Иное"}, {"occurred_at": at("2020-08-05")}):
        with pytest.raises(Conflict) as refusal:
            define(used, entry(**changed), WHERE, at("2020-08-05"), 1)
        assert refusal.value.type == "template-used"
    with pytest.raises(Conflict, match="templates"):
        define(None, entry(), WHERE, at("2020-08-05"), MOST_VERSIONS)


def test_a_template_of_health_is_nobody_s_consent_to_take_part_and_never_changes() -> None:
    health = define(None, entry(version="h", purpose="health"), WHERE, at("2020-08-01"), 1)
    assert health.used
    with pytest.raises(Conflict):
        define(health, entry(version="h", purpose="health", title="Иное"), WHERE, at("2020-08-05"), 2)
    with pytest.raises(Conflict):
        define(template(used=True), entry(purpose="health"), WHERE, at("2020-08-05"), 1)
    both = Templates([template(), health.model_copy(update={"since": at("2020-09-25")})], {"2020": date(2020, 12, 16)})
    words = ConsentRequest(register_number="7")
    assert both.agreed(words, "paper", "RU-ROS", ["2020"], at("2020-09-30")).version == "1"
    with pytest.raises(BadInput):
        both.agreed(ConsentRequest(template=health.digest), "cabinet", "RU-ROS", ["2020"], at("2020-09-30"))
    with pytest.raises(ValidationError, match="participation"):
        entry(purpose="health", days=30)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": None},
        {"text": "a\x00b"},
        {"text": " \n"},
        {"digest": "0" * 64},
        {"digest": "A" * 64},
        {"days": 0},
        {"days": 3_661},
        {"unknown": 1},
    ],
)
def test_what_is_no_template_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        entry(**wrong)
    assert entry(digest=digest_of(TEXT)).digest == digest_of(TEXT)


def agreed(day: str, channel: Any = "cabinet", seasons: tuple[str, ...] = ("2020",), **said: Any) -> Any:
    words = ConsentRequest.model_validate(said)
    found = TEMPLATES.agreed(words, channel, "RU-ROS", seasons, at(day, 15))
    return found.version, found.template and found.template[:6], found.until and found.until.isoformat()


SEASON_ENDS = "2020-12-17T00:00:00+03:00"
FIRST, SECOND = (digest_of(f"{TEXT} {n}") for n in (1, 2))


@pytest.mark.parametrize(
    ("day", "said", "expected"),
    [
        ("2020-09-01", {}, ("1", FIRST[:6], SEASON_ENDS)),
        ("2020-09-21", {}, ("2", SECOND[:6], "2020-10-21T00:00:00+03:00")),
        ("2020-09-21", {"version": "1"}, ("1", FIRST[:6], SEASON_ENDS)),
        ("2020-09-21", {"template": FIRST}, ("1", FIRST[:6], SEASON_ENDS)),
        ("2020-09-21", {"last_day": "2020-09-30"}, ("2", SECOND[:6], "2020-10-01T00:00:00+03:00")),
        ("2020-09-21", {"last_day": "2021-09-30"}, ("2", SECOND[:6], "2020-10-21T00:00:00+03:00")),
        ("2020-07-31", {"version": "any"}, ("any", None, None)),
        ("2020-07-31", {"version": "any", "last_day": "2020-07-31"}, ("any", None, "2020-08-01T00:00:00+03:00")),
        ("2020-12-17", {"version": "2"}, ("2", SECOND[:6], "2021-01-16T00:00:00+03:00")),
    ],
)
def test_a_consent_is_one_to_the_newest_text_of_its_time_unless_it_names_another(
    day: str, said: dict[str, Any], expected: Any
) -> None:
    assert agreed(day, **said) == expected


@pytest.mark.parametrize(
    ("day", "channel", "said", "pointer"),
    [
        ("2020-09-01", "cabinet", {"version": "2"}, "version"),
        ("2020-09-01", "cabinet", {"template": SECOND}, "template"),
        ("2020-09-21", "cabinet", {"template": FIRST, "version": "2"}, "version"),
        ("2020-07-31", "cabinet", {}, "version"),
        ("2020-09-21", "paper", {}, "register_number"),
        ("2020-09-21", "gosuslugi", {"register_number": "17"}, "register_number"),
        ("2020-09-21", "cabinet", {"last_day": "2020-09-20"}, "last_day"),
    ],
)
def test_what_does_not_fit_is_named(day: str, channel: str, said: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BadInput) as refusal:
        agreed(day, channel, **said)
    assert [error.pointer for error in refusal.value.errors] == [pointer]
    assert agreed("2020-09-21", "paper", register_number="17/2020")[0] == "2"
    assert agreed("2020-12-20", seasons=("2019",), version="x") == ("x", None, None), "that season is over"


def given(day: str, until: str | None, **changed: Any) -> Consent:
    ends = at(until, 0) if until else None
    return Consent(
        **{"version": "1", "channel": "cabinet", "given_at": at(day), "guardian": "id1", "until": ends, **changed}
    )


def test_a_consent_ends_with_its_term_and_is_given_again() -> None:
    state: Participant = enter(roster([pupil(consent=None)])).decisions[0].state
    first = give_consent(state, given("2020-09-01", "2020-10-01", template=FIRST))
    (happened,) = first.happened
    assert isinstance(happened.event, ConsentGiven)
    assert (happened.event.until, happened.event.template) == (at("2020-10-01", 0), FIRST)
    state = first.state
    assert state.consent_at(at("2020-09-30", 23)) is not None
    assert state.consent_at(at("2020-10-01", 0)) is None
    assert not withdraw_consent(state, at("2020-10-02")).made, "it had ended"
    assert withdraw_consent(state, at("2020-09-30")).made
    assert not give_consent(state, given("2020-09-05", "2020-10-01", template=FIRST)).made
    assert give_consent(state, given("2020-09-05", "2020-10-05", template=FIRST)).made, "it lasts longer"
    assert give_consent(state, given("2020-10-05", "2020-10-01", template=FIRST)).made
    assert not give_consent(state, given("2020-08-05", "2020-12-01", template=FIRST)).made, "an earlier one"
