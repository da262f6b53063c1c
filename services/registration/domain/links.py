"""Links of accounts to pupils by one-time codes, decided one request after the other without a read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.registration.domain.participants import Participant
from shared.base.errors import Conflict, Forbidden, NotFound
from shared.contracts.registration import AccountLinked, GuardianLinked
from shared.identity.acting import Actor
from shared.identity.grants import Role
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.decision import Decision, Decisions, Happened


def link_guardian(participant: Participant, guardian: str, account: str, time: datetime) -> Decision[Participant]:
    """Opens the guardian's cabinet for this pupil; raises Conflict where another account redeemed the code."""
    known = participant.linked.get(guardian)
    if _is_redeemed(known, account):
        return Decision(participant)
    event = GuardianLinked(**participant.place.event_fields(participant.id), guardian=guardian, account=account)
    state = participant.model_copy(update={"linked": participant.linked | {guardian: account}})
    return Decision(state, (Happened(event, time),))


def link_account(participant: Participant, account: str, time: datetime) -> Decision[Participant]:
    """Opens the pupil's own cabinet; raises Conflict where another account redeemed the code."""
    if _is_redeemed(participant.account, account):
        return Decision(participant)
    event = AccountLinked(**participant.place.event_fields(participant.id), account=account)
    return Decision(participant.model_copy(update={"account": account}), (Happened(event, time),))


def _is_redeemed(by: str | None, account: str) -> bool:
    if by is not None and by != account:
        raise Conflict("this code was redeemed with another account", slug="code-redeemed")
    return by is not None


class Linked(NamedTuple):
    """The pupil whom a code led to, and the guardian for a guardian's code."""

    participant: str
    guardian: str | None
    new: bool
    """False where the account had been linked before."""


class Binding(NamedTuple):
    """The account that a guardian's cabinet has from now on, and by whose request."""

    account: str
    by: Actor | None


class LinkBatch:
    """The pupils and guardians whom codes lead to: each code is redeemed over what those before it linked."""

    def __init__(self, known: Iterable[Participant], accounts: Mapping[str, str]) -> None:
        pupils = tuple(known)
        self.pupils = Decisions(pupils)
        self.bound: dict[str, Binding] = {}
        """The binding of each guardian who had none before."""
        self._owners = {code.digest: (pupil.id, code.guardian) for pupil in pupils for code in pupil.codes}
        self._accounts = accounts

    def redeem(self, digest: bytes, who: Principal, now: datetime, by: Actor | None) -> Linked:
        """Links the account of who asks by the code with a digest; again, it changes nothing.

        A refusal changes nothing either. Raises NotFound for an unknown code, Forbidden for one of the other kind,
        Conflict where the code was redeemed with another account or its guardian has another.
        """
        pupil, guardian = self._owner(digest, who)
        time = now.astimezone(zone(pupil.place.utc_offset))
        if guardian is None:
            decision = link_account(pupil, who.account, time)
        else:
            decision = link_guardian(pupil, guardian, who.account, time)
            self._bind(guardian, Binding(who.account, by))
        self.pupils.take(decision, by)
        return Linked(pupil.id, guardian, new=bool(decision.happened))

    def _owner(self, digest: bytes, who: Principal) -> tuple[Participant, str | None]:
        """The pupil of a code, and the guardian to whom it was handed; None for the pupil's own."""
        id, guardian = self._owners.get(digest, ("", None))
        pupil = self.pupils.get(id)
        if pupil is None:
            raise NotFound.about("code", "no such code", "code-unknown")
        role: Role = "pupil" if guardian is None else "guardian"
        if not who.has(role):
            raise Forbidden.about("code", f"this is a code for a {role}", "wrong-code-kind")
        return pupil, guardian

    def _bind(self, guardian: str, binding: Binding) -> None:
        known = self._accounts.get(guardian) or self.bound.setdefault(guardian, binding).account
        if known != binding.account:
            raise Conflict("this guardian has a cabinet with another account", slug="guardian-linked-elsewhere")
