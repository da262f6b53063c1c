"""The events that a test lets happen to a pupil, and what it reads of the notices that they make."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.contracts.event import Envelope, Event
from shared.contracts.samples import envelopes as samples


class Story:
    """Events of one pupil, numbered per subject as their services would."""

    def __init__(self, participant: str | None = None) -> None:
        self.participant = participant or f"p-{uuid.uuid4().hex[:12]}"
        self._last: Counter[str] = Counter()
        self._samples = samples()

    def then(self, event: type[Event], **changes: Any) -> Envelope:
        """The next event: the type's sample with this pupil and what the test changes."""
        sample = self._samples[event.type]
        happened = sample.event.model_copy(update={"participant": self.participant, **changes})
        self._last[happened.subject] += 1
        sequence = f"{self._last[happened.subject]:010d}"
        return replace(
            sample,
            id=f"{happened.subject}:{sequence}",
            subject=happened.subject,
            sequence=sequence,
            event=happened,
        )


def numbers(items: Sequence[Mapping[str, Any]], story: Story) -> list[int]:
    """The numbers of one pupil's notices, as they come."""
    return [item["number"] for item in items if item["participant"] == story.participant]
