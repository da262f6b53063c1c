"""Instruments with words, as they are published: statements in four versions, and a test of knowledge."""

from collections.abc import Mapping
from typing import Any

from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.catalogue.wording import VERSIONS


def said(text: str) -> dict[str, str]:
    """A text in both languages."""
    return {"ru": f"{text} по-русски", "en": f"{text} in English"}


def statement(code: str, scale: str = "people", **changed: Any) -> dict[str, Any]:
    """A statement in every version."""
    return {"code": code, "scale": scale, "texts": {name: said(f"{code}, {name}") for name in VERSIONS}, **changed}


NORM: Mapping[str, Any] = {
    "scale": "people",
    "mean": 50,
    "sd": 10,
    "sample": 1200,
    "year": 2019,
    "source": "Отчёт",
}
WORDED: Mapping[str, Any] = {
    "name": said("Интересы"),
    "method": said("Утверждения"),
    "minutes": 20,
    "scales": [
        {"code": "people", "name": said("Люди"), "for_pupil": said("О людях"), "for_guardian": said("О ребёнке")},
        {"code": "nature", "name": said("Природа")},
    ],
    "options": [
        {"code": "no", "text": said("Нет"), "points": 0},
        {"code": "partly", "text": said("Отчасти"), "points": 1},
        {"code": "yes", "text": said("Да"), "points": 2},
    ],
    "items": [statement("p1"), statement("p2", reversed=True), statement("n1", "nature")],
}
ALL_YES: Mapping[str, str] = {"p1": "yes", "p2": "yes", "n1": "yes"}
"""Scores 50 on people, since one item is reversed, and 100 on nature."""


def question(code: str, right: str, *choices: str) -> dict[str, Any]:
    """An item with one right answer."""
    return {**statement(code), "options": [{"code": one, "text": said(one)} for one in choices], "right": right}


KNOWLEDGE: Mapping[str, Any] = {
    **{name: WORDED[name] for name in ("name", "method")},
    "scales": WORDED["scales"][:1],
    "items": [question("k1", "a", "a", "b"), question("k2", "c", "a", "b", "c")],
}


def worded(body: Mapping[str, Any] = WORDED, **changed: Any) -> Instrument:
    """A known instrument."""
    return Instrument(code="worded", **Definition.model_validate({**body, **changed}).model_dump())
