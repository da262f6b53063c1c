"""A profile in words: each scale with its name, what it is about, and whether its value can be compared."""

from collections.abc import Mapping

from services.trials.domain.catalogue.definitions import Level, Norm
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.catalogue.wording import Label, Version, Words
from services.trials.texts import compared
from shared.base.models import Answer


class ScaleResult(Answer):
    """A scale of a profile, explained."""

    scale: str
    """Code of the scale."""
    name: Label
    """Name of the scale in both languages."""
    value: float
    """0 to 100, the percentage of the points that can be attained on it."""
    for_pupil: Words | None = None
    """Says to the pupil what the scale is about; absent where the instrument does not."""
    for_guardian: Words | None = None
    """Says the same to the pupil's guardian; absent where the instrument does not."""
    compared: Words
    """Says how the value stands beside those of others, or plainly that there are no norms."""
    level: Level | None = None
    """The same as a word: within one standard deviation of the norm's mean is `usual`; absent without a norm."""
    norm: Norm | None = None
    """The results of others with which it is compared; absent where there are none."""


def explained(instrument: Instrument, profile: Mapping[str, float], version: Version | None) -> list[ScaleResult]:
    """Explains a profile scale by scale, in the instrument's order."""
    found = []
    for scale in instrument.scales:
        value, norm = profile.get(scale.code), instrument.norm(scale.code, version)
        if value is None:
            continue
        result = ScaleResult(
            scale=scale.code,
            name=scale.name,
            value=value,
            for_pupil=scale.for_pupil,
            for_guardian=scale.for_guardian,
            compared=compared(norm, value),
            level=norm and norm.level(value),
            norm=norm,
        )
        found.append(result)
    return found
