"""Cabinets: whom a pupil's page belongs to, and the one-time codes that open it."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.registration.codes import CODE_LIFE, Codes
from services.registration.domain.placements import Place
from shared.base.errors import Conflict
from shared.programme.moments import zone
from shared.storage.decision import Aggregate

MOST_CODES = 100
"""Of one owner for a pupil: every one that is redeemed and closed is remembered in other services."""
SELF = "self"
"""The owner of a pupil's own code, beside guardians by their ids."""


class Code(BaseModel):
    """A one-time code that was handed out to a guardian, or to the pupil; only its digest is known."""

    model_config = ConfigDict(frozen=True)

    digest: bytes
    guardian: str | None = None
    expires: datetime | None = None
    """The time from which it opens nothing; an earlier release gave it none."""

    def is_expired(self, now: datetime) -> bool:
        """Tells whether its time is over."""
        return self.expires is not None and self.expires <= now


class CabinetOwner(Aggregate):
    """A pupil by those who may open the pupil's page: each guardian, and the pupil."""

    place: Place
    """The place by now, on whose clock codes end."""
    guardians: tuple[str, ...] = ()
    linked: dict[str, str] = Field(default_factory=dict)
    """The account of each guardian who opened a cabinet for this pupil."""
    account: str | None = None
    """The pupil's own."""
    codes: tuple[Code, ...] = ()
    """The pupil's own and each guardian's, redeemed or not: a link finds the pupil by them."""
    issued: dict[str, int] = Field(default_factory=dict)
    """How often the code of an owner was issued anew, by guardian or `SELF`: all earlier ones are useless."""
    revoked: tuple[str, ...] = ()
    """The owners who have no code until one is issued anew."""

    def has_cabinet(self, guardian: str | None) -> bool:
        """Tells whether a guardian has a cabinet of the pupil, or the pupil an own one."""
        return self.account is not None if guardian is None else guardian in self.linked

    def code_text(self, codes: Codes, guardian: str | None = None) -> str:
        """The characters of the code in force of a guardian, or of the pupil."""
        return codes.text(self.id, guardian, self.issued.get(guardian or SELF, 0))

    def code_shown(self, codes: Codes, guardian: str | None, now: datetime) -> str | None:
        """The same as long as somebody can redeem it."""
        mine = next((code for code in self.codes if code.guardian == guardian), None)
        is_open = mine is not None and not self.has_cabinet(guardian) and not mine.is_expired(now)
        return self.code_text(codes, guardian) if is_open else None

    def outdated(self, guardian: str | None) -> Self:
        """The pupil for whom the code of a guardian, or the pupil's own, is another from now on.

        A code that was revoked stays so; and so is one that was issued too often, so that nothing grows without end.
        """
        owner = guardian or SELF
        issued = self.issued | {owner: self.issued.get(owner, 0) + 1}
        state = self.model_copy(update={"issued": issued})
        return state.without_code(guardian) if issued[owner] >= MOST_CODES else state

    def issued_anew(self, guardian: str | None) -> Self:
        """The same, where the code was revoked too; raises Conflict after too many."""
        owner = guardian or SELF
        if self.issued.get(owner, 0) >= MOST_CODES:
            raise Conflict(f"the code has been issued {MOST_CODES} times", slug="too-many-codes")
        revoked = tuple(known for known in self.revoked if known != owner)
        return self.model_copy(update={"revoked": revoked}).outdated(guardian)

    def without_code(self, guardian: str | None) -> Self:
        """The pupil for whom a guardian, or the pupil, has no code until one is issued anew."""
        revoked = tuple(dict.fromkeys((*self.revoked, guardian or SELF)))
        codes = tuple(code for code in self.codes if code.guardian != guardian)
        return self.model_copy(update={"revoked": revoked, "codes": codes})

    def with_codes(self, codes: Codes, now: datetime, expires: datetime | None = None, extends: bool = False) -> Self:
        """The pupil with a code for each guardian and for the pupil, as they are stored.

        New ones end after their least life unless another time is said; known ones too, where it is later and they
        `extend` as long as they are open. One whose time is over stays over until it is issued anew.
        """
        ends = end_of_day(now + CODE_LIFE if expires is None else expires, self.place.utc_offset)
        known = {code.guardian: code for code in self.codes}
        owners = [owner for owner in (None, *self.guardians) if (owner or SELF) not in self.revoked]
        made = []
        for owner in owners:
            digest = codes.digest(self.code_text(codes, owner))
            before = known.get(owner)
            if before is None or before.digest != digest:
                made.append(Code(digest=digest, guardian=owner, expires=ends))
            elif extends and before.expires and not before.is_expired(now):
                made.append(before.model_copy(update={"expires": max(before.expires, ends)}))
            else:
                made.append(before)
        return self.model_copy(update={"codes": tuple(made)})


def end_of_day(time: datetime, utc_offset: str) -> datetime:
    """The last second of a time's day on a clock: codes end with a day, since that is printed beside them."""
    return time.astimezone(zone(utc_offset)).replace(hour=23, minute=59, second=59, microsecond=0)
