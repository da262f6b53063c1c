"""Needs, not diagnoses: what a pupil may need of a place. The one list of them."""

from typing import Literal

Need = Literal["wheelchair", "sign-language", "large-print", "quiet-room", "assistant"]
