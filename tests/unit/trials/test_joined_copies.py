"""Entries of one pupil as trials knows them: joined by their words, in the seasons of all, with the survivor's say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.copies.joining import Joined, joined
from services.trials.copies.learning import learn
from services.trials.copies.participants import Archiving, ConsentChange, Entry, Participant
from shared.contracts import wire
from shared.contracts.event import Envelope
from tests.builders.events import PLACE, at, enveloped, promoted, registered
from tests.builders.merging import merged, unmerged
from tests.builders.trials import pupil

MERGED_AT = at("2020-10-10")
STORY = [
    enveloped(registered("s"), 1, at("2020-09-10")),
    enveloped(merged()[0], 2, MERGED_AT),
    enveloped(registered("d", school_class="7Б"), 1, at("2020-09-01")),
    enveloped(registered("d", season="2021"), 2, at("2020-09-02")),
    enveloped(merged()[1], 3, MERGED_AT),
]
PARTING = [enveloped(unmerged()[0], 3, at("2020-11-01")), enveloped(unmerged()[1], 4, at("2020-11-01"))]


def learned(envelopes: list[Envelope]) -> dict[str, Participant]:
    entries: dict[str, Participant] = {}
    for envelope in envelopes:
        entries[envelope.event.key] = learn(entries.get(envelope.event.key), envelope)
    return entries


def entry(day: str) -> Entry:
    return Entry(time=at(day), recorded=datetime(2020, 9, 1, tzinfo=UTC))


@given(st.permutations(STORY))
def test_a_pupil_takes_part_in_the_seasons_of_all_entries_since_the_earliest_registration(
    facts: list[Envelope],
) -> None:
    both = joined(["s", "d", "unknown"], learned(facts))
    assert both["s"] == both["d"]
    assert set(both) == {"s", "d"}
    assert both["d"].ids == ["s", "d"]
    assert {code: one.time for code, one in both["s"].pupil.seasons.items()} == {
        "2020": at("2020-09-01"),
        "2021": at("2020-09-02"),
    }
    assert both["s"].pupil.school_class == "7А", "where the survivor is"
    assert both["s"].changed_at == MERGED_AT


@given(st.permutations([*STORY, *PARTING]), st.sampled_from(PARTING))
def test_parted_each_takes_part_in_its_own_seasons_again(facts: list[Envelope], unheard: Envelope) -> None:
    """One of the two has said it is enough."""
    for heard in (facts, [fact for fact in facts if fact != unheard]):
        apart = joined(["s", "d"], learned(heard))
        assert {id: (one.ids, set(one.pupil.seasons)) for id, one in apart.items()} == {
            "s": (["s"], {"2020"}),
            "d": (["d"], {"2020", "2021"}),
        }
        assert apart["s"].seasons == {"2020", "2021"}, "it may have walked in both meanwhile"
        assert {one.changed_at for one in apart.values()} == {at("2020-11-01")}


NEXT_CLASS = {**PLACE, "school_class": "8А", "grade": 8}
YEARS = [enveloped(registered("p1"), 1, at("2020-09-01")), enveloped(promoted(to=NEXT_CLASS), 2, at("2021-09-01"))]


@given(st.permutations(YEARS))
def test_a_promotion_is_a_move(facts: list[Envelope]) -> None:
    """As it is read from a record: of its own class, which is one of moves."""
    known = learned([wire.read(wire.headers(fact), wire.value(fact)) for fact in facts])["p1"]
    assert (known.school_class, known.grade, known.placed_on) == ("8А", 8, "2021-09-01")


def test_an_entry_of_which_nothing_is_heard_becomes_what_the_first_event_says() -> None:
    unheard = Participant.unheard("d")
    assert not unheard.is_known
    known = learn(unheard, STORY[4])
    assert (known.is_known, known.school, known.mergings) == (True, PLACE["school"], learn(None, STORY[4]).mergings)


def consenting(id: str, *changes: tuple[str, bool]) -> Participant:
    """An entry whose consent was given and withdrawn at these times."""
    told = [ConsentChange(sequence=f"{n:010}", time=at(day), given=given) for n, (day, given) in enumerate(changes)]
    mergings = learned(STORY)[id].mergings
    return pupil(id, consent=changes[-1][1], consent_changes=tuple(told), mergings=mergings)


GIVEN, WITHDRAWN = ("2020-09-01", True), ("2020-09-25", False)


@pytest.mark.parametrize(
    ("survivor", "duplicate", "barred"),
    [
        ([GIVEN], [GIVEN], None),
        ([GIVEN], [GIVEN, WITHDRAWN], "2020-09-25"),
        ([GIVEN, ("2020-10-12", False)], [GIVEN], "2020-10-12"),
        ([GIVEN, WITHDRAWN], [("2020-09-28", True)], None),
        ([GIVEN, WITHDRAWN, ("2020-09-28", True)], [("2020-09-28", True)], None),
        ([GIVEN, WITHDRAWN], [GIVEN], "2020-10-10"),
        ([GIVEN, WITHDRAWN, ("2020-10-20", True)], [GIVEN], "2020-10-10"),
        ([GIVEN, WITHDRAWN, ("2020-10-05", True)], [GIVEN], None),
    ],
    ids=[
        "both consent",
        "the duplicate's own withdrawal",
        "withdrawn after the merging",
        "the duplicate's later consent is on its way to the survivor",
        "and has arrived",
        "the survivor's withdrawal holds from the merging on",
        "until it consents again",
        "it had consented again before",
    ],
)
def test_until_the_merging_a_seat_is_held_by_the_consent_of_its_own_entry(
    survivor: list[tuple[str, bool]], duplicate: list[tuple[str, bool]], barred: str | None
) -> None:
    both = Joined(consenting("s", *survivor), (consenting("d", *duplicate),))
    lapse = both.barred("d", at("2020-09-20"), at("2020-10-15"))
    assert (lapse and lapse.begins) == (barred and at(barred))


def test_the_archive_of_a_duplicate_bars_its_own_seats_alone() -> None:
    away = (Archiving(sequence="3", time=at("2020-09-25"), archived=True),)
    both = Joined(pupil("s", mergings=learned(STORY)["s"].mergings), (pupil("d", archivings=away),))
    held = at("2020-09-20"), at("2020-10-15")
    assert both.barred("s", *held) is None
    assert both.barred("d", *held) is not None


def test_registrations_of_one_season_count_from_the_earliest() -> None:
    entries = learned(STORY)
    entries["s"] = entries["s"].model_copy(update={"seasons": {"2020": entry("2020-08-20")}})
    assert joined(["d"], entries)["d"].pupil.seasons["2020"] == entry("2020-08-20")
