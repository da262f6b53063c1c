"""A quota: so many units within so many seconds, and how clients are told (RateLimit fields for HTTP, draft 11)."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

from shared.base.errors import ServiceError
from shared.base.wording import worded

FORM = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")
PARTS = 20


@dataclass(frozen=True, slots=True)
class Quota:
    """`units` may come at once; each of them is there again after `seconds / units`."""

    units: int
    seconds: int

    @property
    def interval(self) -> float:
        """Seconds after which a unit that was used is there again."""
        return self.seconds / self.units

    @property
    def chunk(self) -> int:
        """Units that a process gives before it tells the others, a twentieth of all."""
        return max(1, self.units // PARTS)

    def __str__(self) -> str:
        return f"{self.units}/{self.seconds}"


def parse(text: object) -> object:
    """A quota from `units/seconds`; raises ValueError for another text."""
    if not isinstance(text, str):
        return text
    match = FORM.fullmatch(text)
    if match is None:
        raise ValueError("must be units/seconds, as 60/60")
    return Quota(int(match[1]), int(match[2]))


QuotaSetting = Annotated[Quota, NoDecode, BeforeValidator(parse)]
"""A quota that the environment writes `units/seconds`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller's standing with a policy: units left, and seconds until the next where there are none."""

    policy: str
    quota: Quota | int
    """A number where it is of requests that are open at once."""
    left: int
    wait: float = 0.0

    @property
    def fields(self) -> dict[str, str]:
        """The fields of an answer."""
        if isinstance(self.quota, Quota):
            allocated = f"q={self.quota.units};w={self.quota.seconds}"
        else:
            allocated = f'q={self.quota};qu="concurrent-requests"'
        effective = f";t={self.seconds}" if self.left == 0 else ""
        return {
            "RateLimit-Policy": f'"{self.policy}";{allocated}',
            "RateLimit": f'"{self.policy}";r={self.left}{effective}',
        }

    @property
    def seconds(self) -> int:
        """The wait in whole seconds, one at least."""
        return max(1, math.ceil(self.wait))


class QuotaExceeded(ServiceError):
    """The caller has used up a quota; the problem and the fields of the answer say which, and how long to wait."""

    slug, status, retryable = "quota-exceeded", 429, True

    def __init__(self, standing: Standing) -> None:
        said = "the quota {policy} is used up; try again in {seconds} s"
        super().__init__(worded(said, policy=standing.policy, seconds=standing.seconds))
        self.policy = standing.policy
        self.headers = {"Retry-After": str(standing.seconds), **standing.fields}

    def problem(self) -> dict[str, Any]:
        """The document, with the policy in the member that the draft names."""
        return super().problem() | {"violated-policies": [self.policy]}
