"""The reasons for which slots are called off, and seats are given up."""

from typing import Literal

ClosingReason = Literal["frost", "quarantine", "staff-absent", "premises", "too-few", "other"]
"""Why a slot is not held. Whoever calls it off may say more in words, which stay in trials."""
CancellationReason = Literal[
    "unsaid", "asked", "consent", "archived", "merged", "moved", "unconfirmed", "mistake", ClosingReason
]
"""Why a seat was given up.

It was `asked` for by the family or the school; no `consent` covers the time of the slot; the pupil is `archived`;
another entry of the pupil has a seat in the same slot (`merged`); the slot was `moved` to a time at which the pupil has
another booking; it came from the waiting list and was `unconfirmed` in time; the pupil was let
in at the door by `mistake`; or the slot was called off. Records of an
earlier release leave it `unsaid`.
"""

__all__ = ["CancellationReason", "ClosingReason"]
