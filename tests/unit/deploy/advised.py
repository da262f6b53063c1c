"""Advice counted anew: a season without rules of its own recommends what was tried last."""

from collections import Counter
from collections.abc import Sequence


def advised(tried: Sequence[str]) -> list[str]:
    """The three competencies that were tried last, the latest first."""
    return list(dict.fromkeys(reversed(tried)))[:3]


def revised(before: Sequence[str], tried: Sequence[str]) -> Counter[str]:
    """What is told of a recommendation in force where others are advised now."""
    changed = int(advised(tried) != before)
    return Counter({"recommendation.withdrawn.v1": changed, "recommendation.issued.v1": changed})
