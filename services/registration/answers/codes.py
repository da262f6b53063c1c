"""One-time codes as staff see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from services.registration.codes import Codes
from services.registration.domain.cabinets import SELF
from services.registration.domain.participants import Participant
from shared.base.models import Answer
from shared.programme.moments import zone

State = Literal["open", "redeemed", "revoked", "expired"]


class CodeView(Answer):
    """The one-time code of a guardian, or of the pupil."""

    owner: str
    """Id of the guardian; `self` for the pupil's own."""
    name: str | None
    """Name of the guardian or the pupil; null once it was erased."""
    state: State
    """`open` as long as it can be redeemed, `redeemed` while the owner has a cabinet, else `revoked` or `expired`."""
    code: str | None
    """The characters to be handed out; null where it cannot be redeemed."""
    expires: datetime | None
    """The time from which it opens nothing, on the region's clock; null where it has no end, or is revoked."""


class CodesView(Answer):
    """The one-time codes of a pupil: the own one and each guardian's."""

    participant: str
    """Id of the pupil."""
    codes: list[CodeView]
    """The pupil's own code, then those of the guardians."""

    @classmethod
    def of(cls, pupil: Participant, names: Mapping[str, Mapping[str, str]], codes: Codes, now: datetime) -> "CodesView":
        """The codes of one pupil."""
        owners = (None, *pupil.guardians)
        shown = {owner: pupil.code_shown(codes, owner, now) for owner in owners}
        ends = {code.guardian: code.expires for code in pupil.codes}
        local = zone(pupil.place.utc_offset)
        return cls(
            participant=pupil.id,
            codes=[
                CodeView(
                    owner=owner or SELF,
                    name=names.get(owner or pupil.id, {}).get("name"),
                    state=_state(pupil, owner, is_open=shown[owner] is not None),
                    code=shown[owner],
                    expires=end.astimezone(local) if (end := ends.get(owner)) else None,
                )
                for owner in owners
            ],
        )


def _state(pupil: Participant, owner: str | None, is_open: bool) -> State:
    if is_open:
        return "open"
    if pupil.has_cabinet(owner):
        return "redeemed"
    return "revoked" if (owner or SELF) in pupil.revoked else "expired"
