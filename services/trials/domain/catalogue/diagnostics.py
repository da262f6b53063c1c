"""Attempts at diagnostics: the answers of a pupil, and the profile that they give."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from services.trials.domain.catalogue.definitions import MOST_ITEMS
from services.trials.domain.catalogue.wording import Version
from shared.base.models import Count, Input
from shared.contracts.codes import DiagnosticCode, ExceptionReason, SeasonCode, SoughtCode
from shared.identity.acting import Actor, changed
from shared.programme.moments import Moment
from shared.programme.texts import Id, Ref


class AttemptCommand(Input):
    """A pupil's answers to one instrument; `ref` makes a repeated sending the same attempt."""

    ref: Ref
    """The caller's own name of the attempt: sent again, it is the same attempt."""
    participant: Id
    season: SeasonCode
    diagnostic: DiagnosticCode
    """Code of one of the season's diagnostics."""
    answers: Annotated[dict[SoughtCode, SoughtCode], Count(0, MOST_ITEMS)]
    """Item → option, by their codes, for every item."""
    version: Version | None = None
    """The version of the items' words that the pupil had; only norms of this version are compared with."""
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator lets it be recorded outside the season's dates, or behind the stage's last day."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A completed diagnostic with its profile; only that it took place leaves trials."""

    path: str
    """Id of the pupil's path through the season."""
    ref: str
    id: str
    diagnostic: str
    answers: bytes
    profile: Mapping[str, float]
    time: datetime
    by: Actor | None = None
    """The caller who sent it; it is stored, and not read again."""
    version: Version | None = None
    """The version of the words that the pupil had; None where nobody said, as in an attempt of an earlier release."""
    round: int = 1
    """The round of the season on whose day it was completed."""

    def document(self) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "_id": attempt_key(self.path, self.ref),
            "path": self.path,
            "ref": self.ref,
            "id": self.id,
            "diagnostic": self.diagnostic,
            "answers": self.answers,
            "profile": self.profile,
            "time": self.time.isoformat(),
            **({"version": self.version} if self.version else {}),
            **({"round": self.round} if self.round != 1 else {}),
            **changed(self.by),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Attempt":
        """Returns the attempt of a stored row."""
        stored = {name: document[name] for name in ("path", "ref", "id", "diagnostic", "answers", "profile")}
        time = datetime.fromisoformat(document["time"])
        return cls(**stored, time=time, version=document.get("version"), round=document.get("round", 1))


def attempt_key(path: str, ref: str) -> str:
    """Returns the natural key of an attempt."""
    return f"{path}/{ref}"
