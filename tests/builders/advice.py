"""Rules of advice: what was tried, what was visited, and two scales of the interests."""

from collections.abc import Mapping
from typing import Any

from services.trials.domain.path.advice import Advice, AdviceRules, define

RULES: Mapping[str, Any] = {
    "grounds": [
        {
            "code": "tried",
            "kind": "tried",
            "points": 3,
            "because": {"ru": "потому что это было на пробе", "en": "because you tried it"},
        },
        {"code": "visited", "kind": "visited", "points": 1, "because": {"ru": "потому что вы там были"}},
        {
            "code": "people",
            "kind": "leaning",
            "points": 2,
            "because": {"ru": "потому что вам ближе всего люди", "en": "because people interest you most"},
            "diagnostic": "interests",
            "scale": "people",
            "competencies": ["law", "medicine"],
        },
        {
            "code": "things",
            "kind": "leaning",
            "points": 5,
            "because": {"ru": "потому что вам ближе всего техника"},
            "diagnostic": "interests",
            "scale": "things",
            "competencies": ["craft"],
        },
    ],
    "professions": [
        {"code": "nurse", "name": "Медсестра", "competencies": ["medicine"]},
        {"code": "clerk", "name": {"ru": "Юрист", "en": "Lawyer"}, "competencies": ["gov", "law"]},
        {"code": "fitter", "name": "Слесарь", "competencies": ["craft"]},
    ],
}
ADVICE: Advice = define(None, AdviceRules.model_validate(RULES), in_use=False)
