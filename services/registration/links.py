"""Redeemed codes: whose account is linked to which pupil, decided one request after the other without a read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.registration.domain import Participant, link_account, link_guardian
from services.registration.pupils import Pupils
from shared.base.errors import Conflict, FieldError, Forbidden, NotFound
from shared.base.models import Answer
from shared.identity.acting import Actor, acting
from shared.programme.moments import zone
from shared.storage.decision import Decision


@dataclass(frozen=True, slots=True)
class Redemption:
    """One request: a code by its digest, and the account that redeems it, in which roles and when."""

    digest: bytes
    account: str
    roles: frozenset[str]
    now: datetime
    by: Actor | None = field(default_factory=acting)


class Binding(NamedTuple):
    """The account that a guardian's cabinet has from now on, and by whose request."""

    account: str
    by: Actor | None


class Link(Answer):
    """Whom the account is linked to; `guardian` for a guardian's code alone."""

    participant: str
    """Id of the pupil to whom the account is linked now."""
    guardian: str | None
    """Id of the guardian whose cabinet the account is; null for a pupil's own."""


class Links:
    """The pupils and guardians of a group of requests: each request sees what those before it linked."""

    def __init__(self, pupils: Iterable[Participant], accounts: Mapping[str, str]) -> None:
        known = tuple(pupils)
        self._pupils = Pupils(known)
        self._owners = {code.digest: (pupil.id, code.guardian) for pupil in known for code in pupil.codes}
        self._accounts = accounts
        self.bound: dict[str, Binding] = {}
        """The binding of each guardian who had none before the group."""

    @property
    def decisions(self) -> list[Decision[Participant]]:
        """What is to be saved."""
        return self._pupils.decisions

    def redeem(self, request: Redemption) -> Link:
        """Links the account; again, it changes nothing. A refusal changes nothing either.

        Raises NotFound for an unknown code, Forbidden for one of the other kind, Conflict where the code was redeemed
        with another account or its guardian has another.
        """
        participant, guardian = self._owner(request)
        pupil = self._pupils[participant]
        time = request.now.astimezone(zone(pupil.place.utc_offset))
        if guardian is None:
            decision = link_account(pupil, request.account, time)
        else:
            decision = link_guardian(pupil, guardian, request.account, time)
            self._bind(guardian, Binding(request.account, request.by))
        self._pupils.take(decision, request.by)
        return Link(participant=participant, guardian=guardian)

    def _owner(self, request: Redemption) -> tuple[str, str | None]:
        if request.digest not in self._owners:
            raise NotFound("no such code", slug="code-unknown", errors=[FieldError("code", "no such code")])
        participant, guardian = self._owners[request.digest]
        role = "pupil" if guardian is None else "guardian"
        if role not in request.roles:
            detail = f"this is a code for a {role}"
            raise Forbidden(detail, slug="wrong-code-kind", errors=[FieldError("code", detail)])
        return participant, guardian

    def _bind(self, guardian: str, binding: Binding) -> None:
        known = self._accounts.get(guardian) or self.bound.setdefault(guardian, binding).account
        if known != binding.account:
            raise Conflict("this guardian has a cabinet with another account", slug="guardian-linked-elsewhere")
