"""Links of accounts to pupils by one-time codes, decided one request after the other without a read."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.registration.domain.majority import must_be_kept
from services.registration.domain.participants import Participant
from shared.base.errors import Conflict, Forbidden, NotFound
from shared.contracts.event import Event
from shared.contracts.registration import (
    AccountLinked,
    AccountUnlinked,
    GuardianLinked,
    GuardianUnlinked,
    Side,
)
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


def unlink(participant: Participant, guardian: str | None, by: Side, time: datetime) -> Decision[Participant]:
    """Closes the cabinet of a guardian, or the pupil's own; nothing happens where there is none.

    The code that opened it, and any that was handed out since, is useless from then on.
    """
    account = participant.account if guardian is None else participant.linked.get(guardian)
    if account is None:
        return Decision(participant)
    fields = participant.place.event_fields(participant.id)
    if guardian is None:
        event: Event = AccountUnlinked(**fields, account=account, by=by)
        state = participant.model_copy(update={"account": None})
    else:
        event = GuardianUnlinked(**fields, guardian=guardian, account=account, by=by)
        linked = {id: known for id, known in participant.linked.items() if id != guardian}
        state = participant.model_copy(update={"linked": linked})
    return Decision(state.outdated(guardian), (Happened(event, time),))


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

    def __init__(self, known: Iterable[Participant], accounts: Mapping[str, str], of_age: Collection[str] = ()) -> None:
        """`of_age` are the pupils who are: for these a guardian opens only what the pupil keeps."""
        pupils = tuple(known)
        self._of_age = frozenset(of_age)
        self.pupils = Decisions(pupils)
        self.bound: dict[str, Binding] = {}
        """The binding of each guardian of a new link. It is stored even where it was so before: whoever undoes the last
        link of the guardian meanwhile has to see this one."""
        self._owners = {code.digest: (pupil.id, code.guardian) for pupil in pupils for code in pupil.codes}
        self._codes = {code.digest: code for pupil in pupils for code in pupil.codes}
        self._accounts = accounts

    def redeem(self, digest: bytes, who: Principal, now: datetime, by: Actor | None) -> Linked:
        """Links the account of who asks by the code with a digest; again, it changes nothing.

        A refusal changes nothing either. Raises NotFound for an unknown code, Forbidden for one of the other kind,
        Conflict where the code was redeemed with another account or its guardian has another, or the pupil is of age
        and does not keep the guardian's cabinet.
        """
        pupil, guardian = self._owner(digest, who, now)
        time = now.astimezone(zone(pupil.place.utc_offset))
        if guardian is None:
            decision = link_account(pupil, who.account, time)
        else:
            must_be_kept(pupil, guardian, pupil.id in self._of_age)
            decision = link_guardian(pupil, guardian, who.account, time)
            self._bind(guardian, Binding(who.account, by), new=decision.made)
        self.pupils.take(decision, by)
        return Linked(pupil.id, guardian, new=bool(decision.happened))

    def _owner(self, digest: bytes, who: Principal, now: datetime) -> tuple[Participant, str | None]:
        """The pupil of a code, and the guardian to whom it was handed; None for the pupil's own."""
        id, guardian = self._owners.get(digest, ("", None))
        pupil = self.pupils.get(id)
        if pupil is None:
            raise NotFound.about("code", "no such code", "code-unknown")
        if self._codes[digest].is_expired(now):
            raise Conflict.about("code", "the time of this code is over: the school issues another", "code-expired")
        role: Role = "pupil" if guardian is None else "guardian"
        if not who.has(role):
            raise Forbidden.about("code", f"this is a code for a {role}", "wrong-code-kind")
        return pupil, guardian

    def _bind(self, guardian: str, binding: Binding, new: bool) -> None:
        known = self._accounts.get(guardian) or (self.bound[guardian].account if guardian in self.bound else None)
        if known not in (None, binding.account):
            raise Conflict("this guardian has a cabinet with another account", slug="guardian-linked-elsewhere")
        if new:
            self.bound.setdefault(guardian, binding)
