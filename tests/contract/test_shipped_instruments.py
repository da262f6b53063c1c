"""The instruments that come with trials: each can be published as it is, and a child of each age can take it."""

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from defusedxml.ElementTree import fromstring

from deploy.simulator.simulation import INSTRUMENTS
from services.trials.answers.diagnostics import DiagnosticView
from services.trials.api.diagnostics import LARGEST_DEFINITION
from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.catalogue.wording import OLDEST, VERSIONS, Version
from services.trials.pictures import PICTURES

FILES = sorted(INSTRUMENTS.glob("*.json"))
LEAST: Mapping[str, tuple[int, int]] = {
    "interests": (60, 4),
    "knowledge": (20, 2),
    "orientations": (20, 4),
    "qualities": (20, 4),
    "readiness": (40, 4),
}
"""Items and scales that the methods ask for."""
each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def published(path: Path) -> Instrument:
    definition = Definition.model_validate(json.loads(path.read_text(encoding="utf-8")))
    return Instrument(code=path.stem, **definition.model_dump())


def said(part: Any) -> list[Any]:
    """Every text in a part, each of which is in both languages."""
    if isinstance(part, Mapping):
        return [part] if part.keys() == {"ru", "en"} else [text for one in part.values() for text in said(one)]
    return [text for one in part for text in said(one)] if isinstance(part, list | tuple) else []


def test_all_of_them_are_here() -> None:
    assert {path.stem for path in FILES} == LEAST.keys()
    assert set(get_args(Version)) == set(VERSIONS)


@each
def test_an_instrument_is_as_long_as_its_method_asks(path: Path) -> None:
    known = published(path)
    items, scales = LEAST[path.stem]
    assert (len(known.items) >= items, len(known.scales) >= scales) == (True, True)
    assert path.stat().st_size < LARGEST_DEFINITION


@each
def test_every_item_has_words_for_each_age_in_both_languages(path: Path) -> None:
    known = published(path)
    assert set(known.versions) >= set(OLDEST)
    texts = said(known.model_dump())
    assert len(texts) >= len(known.items) * len(OLDEST)
    assert [text for text in texts if not text["en"]] == []
    assert all(scale.for_pupil and scale.for_guardian for scale in known.scales)
    assert all(choice.text for choice in known.options)
    assert all(choice.text for item in known.items for choice in item.options or ())


@each
def test_no_item_is_asked_twice_in_the_same_words(path: Path) -> None:
    known = published(path)
    for version in known.versions:
        for language in ("ru", "en"):
            items = (item.texts or {} for item in known.items if item.code in known.asked(version))
            asked = [getattr(texts[version], language) for texts in items]
            assert len(set(asked)) == len(asked), (version, language)


@each
def test_it_ships_without_norms_and_says_nothing_of_them_to_a_page(path: Path) -> None:
    assert published(path).norms == ()
    assert DiagnosticView.of(published(path)).norms == ()


@each
def test_the_profile_takes_both_ends_of_every_scale(path: Path) -> None:
    known, rng = published(path), Random(1)
    profiles = []
    for take_best in (True, False):
        answers = {}
        for item in known.items:
            if item.options:
                wrong = [choice.code for choice in item.options if choice.code != item.right]
                answers[item.code] = item.right if take_best else rng.choice(wrong)
            else:
                by_points = sorted(known.options, key=lambda option: option.points)
                answers[item.code] = by_points[-1 if take_best != item.reversed else 0].code
        profiles.append(known.score(known.encode({code: str(option) for code, option in answers.items()})))
    assert [set(profile.values()) for profile in profiles] == [{100.0}, {0.0}]


def test_a_test_of_knowledge_has_its_right_answers_in_every_place() -> None:
    known = published(INSTRUMENTS / "knowledge.json")
    places = [[choice.code for choice in item.options or ()].index(str(item.right)) for item in known.items]
    longest = max(len(item.options or ()) for item in known.items)
    assert {places.count(place) > 0 for place in range(longest)} == {True}
    assert max(map(places.count, places)) <= len(places) / 2


def test_interests_are_asked_beside_pictures_too_each_of_its_own_with_words_for_who_does_not_see_it() -> None:
    known = published(INSTRUMENTS / "interests.json")
    shown = [item for item in known.items if item.code in known.asked("pictures")]
    pictures = [item.picture.code for item in shown if item.picture]
    assert sorted(pictures) == sorted(PICTURES)
    assert len(pictures) == len(shown) == 30
    assert {[item.scale for item in shown].count(scale.code) for scale in known.scales} == {3}
    assert all(item.picture and item.picture.alt.en for item in shown)
    longest = max(len(text.ru.split()) for item in shown if (text := (item.texts or {}).get("pictures")))
    assert longest <= 5, "simple words"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_and_plain_and_loads_nothing(name: str) -> None:
    picture = PICTURES[name]
    assert picture.media_type == "image/svg+xml"
    assert len(picture.content) < 2_000
    drawn = {part.tag.rpartition("}")[2] for part in fromstring(picture.content).iter()}
    assert drawn <= {"svg", "circle", "ellipse", "path", "rect"}, "no script, no text and nothing from elsewhere"
