"""Numbers, cursors and words of notices, without a server."""

import string
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications import cursors, texts
from services.notifications.copies import objects
from services.notifications.copies.objects import Names
from services.notifications.domain import notices as domain
from services.notifications.domain.notices import DATA, Notice, Readers
from shared.base.errors import BadInput
from shared.base.languages import Language
from shared.contracts import trials
from shared.contracts.event import Envelope, Event
from shared.contracts.registration import ConsentGiven, GuardianLinked, ParticipantRegistered
from shared.contracts.samples import envelopes
from shared.contracts.topics import EVENTS
from shared.identity.family import LinkChange
from tests.builders.events import PLACE, moved
from tests.builders.notifications import Story

SAMPLES = envelopes()
NAMES = {entry[0]: entry[1]["text"] for s in SAMPLES.values() if (entry := objects.entry(s.event)) is not None}
TOLD = sorted(event.type for event in DATA)
PUPILS = st.sampled_from(["a", "b", "c"])
HEADS = st.dictionaries(PUPILS, st.integers(1, 30))


def notices_of(heads: dict[str, int]) -> list[Notice]:
    """Every notice up to the heads, each recorded after the ones of lower numbers."""
    found: list[Notice] = []
    for participant, head in heads.items():
        story = Story(participant)
        told = [story.then(ConsentGiven) for _ in range(head)]
        told = [replace(e, recordedtime=e.recordedtime + timedelta(minutes=n)) for n, e in enumerate(told)]
        found += domain.number(told, set(), {})
    return found


def read(notices: list[Notice], ranges: dict[str, range]) -> list[Notice]:
    """What the database would answer."""
    return [n for n in notices if n.number in ranges.get(n.participant, ())]


def ids(notices: list[Notice]) -> list[tuple[str, int]]:
    return [(n.participant, n.number) for n in notices]


@given(st.lists(st.tuples(PUPILS, st.booleans())), HEADS)
def test_numbers_go_on_from_the_head_without_a_gap_and_no_event_gets_two(
    happened: list[tuple[str, bool]], heads: dict[str, int]
) -> None:
    stories = {name: Story(name) for name in ("a", "b", "c")}
    events: list[Envelope] = []
    for name, again in happened:
        event = stories[name].then(ConsentGiven)
        events += [event, event] if again else [event]
    notices = domain.number(events, {events[0].id} if events else set(), heads)
    assert len({n.id for n in notices}) == len(notices) == max(0, len(happened) - 1)
    for name in stories:
        first = heads.get(name, 0) + 1
        mine = [n.number for n in notices if n.participant == name]
        assert mine == list(range(first, first + len(mine)))


def test_what_topics_bring_side_by_side_is_told_as_it_was_recorded() -> None:
    story = Story()
    registered, booked = story.then(ParticipantRegistered), story.then(trials.TrialBooked)
    assert [n.type for n in domain.number([booked, registered], set(), {})] == [
        "participant.registered",
        "trial.booked",
    ]


def test_a_notice_keeps_ids_and_codes_and_nothing_of_health_or_accounts() -> None:
    story = Story()
    (registered,) = domain.number([story.then(ParticipantRegistered, disability=True)], set(), {})
    assert registered.data == {"school_class": "8Б"}
    (linked,) = domain.number([story.then(GuardianLinked)], set(), {})
    assert linked.data == {}


def change(sequence: int, opened: bool) -> LinkChange:
    number = f"{sequence:010d}"
    return LinkChange(sequence=number, account="mother", role="guardian", guardian="g1", opened=opened)


OLD = {"account": "father", "role": "guardian", "guardian": "g2"}
"""As an earlier release kept a reader."""


@given(st.permutations([change(1, True), change(2, False), change(3, True)]), st.integers(0, 3))
def test_readers_are_those_whose_latest_change_opened_a_cabinet(changes: list[LinkChange], cut: int) -> None:
    readers = Readers([OLD]).after(changes[:cut]).after(changes[cut:])
    assert [account["account"] for account in readers.accounts] == ["father", "mother"]
    assert readers.closed == []
    closed = readers.after([change(4, False)])
    assert (list(closed.accounts), [account["account"] for account in closed.closed]) == ([OLD], ["mother"])
    assert closed.after(changes) == closed


def test_a_reader_of_an_earlier_release_is_closed_by_the_same_cabinet_alone() -> None:
    other = LinkChange(sequence="0000000009", account="father", role="guardian", guardian="g3", opened=False)
    assert list(Readers([OLD]).after([other]).accounts) == [OLD]
    same = other.model_copy(update={"guardian": "g2"})
    assert list(Readers([OLD]).after([same]).accounts) == []


@given(HEADS, st.integers(1, 12))
def test_pages_hold_every_notice_once_newest_first(heads: dict[str, int], limit: int) -> None:
    notices, seen, cursor = notices_of(heads), list[Notice](), dict[str, int]()
    while True:
        wanted = domain.older(heads, cursor, limit)
        page = domain.newest_first(read(notices, wanted), limit)
        assert len(page) == min(limit, len(notices) - len(seen))
        seen += page
        below = domain.below(wanted, page)
        if below is None:
            break
        cursor = below
    assert sorted(ids(seen)) == sorted(ids(notices))
    assert [n.recordedtime for n in seen] == sorted((n.recordedtime for n in notices), reverse=True)


@given(HEADS, st.dictionaries(PUPILS, st.integers(0, 35)), st.integers(1, 12))
def test_what_is_newer_comes_once_in_the_order_of_numbers(
    heads: dict[str, int], after: dict[str, int], limit: int
) -> None:
    notices, seen, cursor = notices_of(heads), list[Notice](), dict(after)
    while batch := domain.oldest_first(read(notices, domain.newer(heads, cursor, limit))):
        seen += batch
        cursor.update({n.participant: n.number for n in batch})
    for participant, head in heads.items():
        mine = [n.number for n in seen if n.participant == participant]
        assert mine == list(range(after.get(participant, 0) + 1, head + 1))


@given(st.dictionaries(st.text(min_size=1, max_size=40), st.integers(0, 2**63 - 1), max_size=40))
def test_a_cursor_survives_the_way_to_the_reader_and_back(cursor: dict[str, int]) -> None:
    word = cursors.encode(cursor, cursors.STREAM)
    assert set(word) <= set(string.ascii_letters + string.digits + "-_")
    assert cursors.decode(word, cursors.STREAM, "after") == cursor
    with pytest.raises(BadInput):
        cursors.decode(word, cursors.INBOX, "after")


@pytest.mark.parametrize(
    "content",
    ["", "[1]", '{"a":-1}', '{"a":true}', '{"a":1.5}', '{"a":9223372036854775808}', '{"a":NaN}', '{"":3}', "[" * 9_000],
)
def test_what_is_no_cursor_is_refused_by_the_name_of_its_place(content: str) -> None:
    for word in (urlsafe_b64encode(content.encode()).decode(), content, "!", "ключ"):
        with pytest.raises(BadInput) as refusal:
            cursors.decode(word, cursors.INBOX, "after")
        assert [e.pointer for e in refusal.value.errors] == ["after"]


def test_a_cursor_of_the_release_before_is_taken_by_either_list() -> None:
    word = urlsafe_b64encode(b'{"p1":7}').rstrip(b"=").decode()
    assert cursors.decode(word, cursors.INBOX, "after") == cursors.decode(word, cursors.STREAM, "after") == {"p1": 7}


def test_a_cursor_is_ahead_where_it_names_a_number_that_was_not_given() -> None:
    assert domain.ahead({"p1": 8, "p2": 7, "not mine": 9}, {"p1": 7, "p2": 7, "p3": 1}) == ["p1"]


@pytest.mark.parametrize("event_type", TOLD)
@pytest.mark.parametrize("names", [NAMES, {}], ids=["with names", "before the catalogue"])
def test_every_notice_has_words_in_both_languages(event_type: str, names: Names) -> None:
    (notice,) = domain.number([SAMPLES[event_type]], set(), {})
    words = [texts.render(notice, names, language) for language in ("ru", "en")]
    for text in words:
        assert text.title
        assert text.body.endswith(".")
        assert "{" not in text.body
        assert "None" not in text.body
    assert words[0].title != words[1].title


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_kind_of_activity_has_a_name(language: Language) -> None:
    for kind in get_args(trials.SlotKind):
        notice = domain.number([Story().then(trials.TrialBooked, kind=kind)], set(), {})[0]
        assert texts.render(notice, NAMES, language).body.startswith(texts.KINDS[language][kind])


def test_words_name_the_place_and_the_hour_on_the_region_s_clock() -> None:
    (booked,) = domain.number([SAMPLES["trial.booked.v1"]], set(), {})
    assert set(texts.objects(booked)) <= set(NAMES)
    assert (
        texts.render(booked, NAMES, "en").body
        == "Practical trial: Поварское дело, Аксайский техникум питания, 12 October 2020, 14:30."
    )
    (moved_to,) = domain.number([SAMPLES["trial.moved.v1"]], set(), {})
    assert texts.render(moved_to, NAMES, "ru").body == (
        "Профпроба: Поварское дело, Аксайский техникум питания, 12 октября 2020, 15:30, 90 мин. "
        "Раньше: 12 октября 2020, 14:30, 90 мин."
    )
    (issued,) = domain.number([SAMPLES["recommendation.issued.v1"]], set(), {})
    assert texts.render(issued, NAMES, "ru").body == "Сезон «Билет в будущее 2020»: Поварское дело, nursing, gov."


def test_a_revision_is_told_once_in_words_of_its_own() -> None:
    (revised,) = domain.number([Story().then(trials.RecommendationIssued, revision=2)], set(), {})
    assert texts.render(revised, NAMES, "ru").title == "Рекомендация обновлена"
    assert "no longer holds" in texts.render(revised, NAMES, "en").body
    gone = SAMPLES["recommendation.withdrawn.v1"].event
    assert domain.is_news(gone)
    assert not domain.is_news(gone.model_copy(update={"replaced": True}))


@pytest.mark.parametrize(
    ("reason", "said"),
    [("frost", " Занятие не состоится из-за мороза."), ("asked", ""), ("unsaid", "")],
)
def test_a_cancellation_says_why_in_our_words(reason: str, said: str) -> None:
    notice = domain.number([Story().then(trials.TrialCancelled, reason=reason)], set(), {})[0]
    assert texts.render(notice, NAMES, "ru").body == f"Профпроба: Поварское дело, 12 октября 2020, 15:30.{said}"


def test_a_seat_from_the_waiting_list_says_until_when_to_confirm_it() -> None:
    until = datetime(2020, 10, 2, 9, 5, tzinfo=UTC)
    notice = domain.number([Story().then(trials.TrialBooked, confirm_by=until)], set(), {})[0]
    ru, en = (texts.render(notice, NAMES, language) for language in ("ru", "en"))
    assert (ru.title, en.title) == ("Освободилось место", "A seat came free")
    assert "до 2 октября 2020, 12:05," in ru.body
    assert "until 2 October 2020, 12:05," in en.body


def test_times_that_moved_are_told_on_the_clock_of_the_place() -> None:
    notice = domain.number([SAMPLES["trial.moved.v1"]], set(), {})[0]
    body = texts.render(notice, {("slot", notice.data["slot"]): "2020-10-12T17:30:00+05:00"}, "en").body
    assert body.endswith("12 October 2020, 17:30, 90 min. Before: 12 October 2020, 16:30, 90 min.")


def test_each_event_of_a_pupil_is_told_or_is_a_link() -> None:
    def silent(event: type[Event]) -> bool:
        return event not in DATA and objects.entry(SAMPLES[event.type].event) is None

    assert {event.type for event in EVENTS.values() if silent(event)} == {
        "account.linked.v1",
        "account.unlinked.v1",
        "act.paid.v1",
        "act.signed.v1",
        "actor.erased.v1",
        "family.erased.v1",
        "feedback.given.v1",
        "guardian.erased.v1",
        "lesson.attended.v1",
        "lesson.revoked.v1",
        "participant.erased.v1",
        "reader.erased.v1",
        "path.erased.v1",
        "organisation.closed.v1",
        "staff.excluded.v1",
        "staff.readmitted.v1",
        "organisation.defined.v1",
        "programme.defined.v1",
        "quota.moved.v1",
        "quota.set.v1",
        "season.closed.v1",
        "season.corrected.v1",
        "season.revised.v1",
        "slot.closed.v1",
        "slot.resized.v1",
        "target.set.v1",
        "venue.withdrawn.v1",
    }


def test_a_family_is_not_told_where_its_class_went_to_another_municipality() -> None:
    assert not domain.is_news(moved(to={**PLACE, "municipality": "RU-ROS-002"}))
    assert domain.is_news(moved(to={**PLACE, "school": "RU-ROS-001-S02"}))
    assert domain.is_news(moved(to={**PLACE, "school_class": "7Б"}))
