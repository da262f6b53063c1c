"""A decision or a refusal in short: what it tells."""

from typing import Any

from shared.http.problems import Problem
from shared.storage.decision import Decision


def pointers(problem: Problem) -> list[str]:
    """The fields that a problem names."""
    return [error.pointer for error in problem.errors or ()]


def events(decision: Decision[Any]) -> list[str]:
    """The types of what happened, in order."""
    return [happened.event.type for happened in decision.happened]
