"""The commands that come in crowds when a season opens: those of one kind that wait share a transaction."""

from functools import partial

from services.registration.domain import NewId
from services.registration.handlers import Submission, redeem, register_rosters
from services.registration.links import Link, Redemption
from services.registration.repository import Register
from services.registration.roster import RosterItem
from shared.storage.group_commit import GroupCommit


class Commands:
    """A queue for each kind; a roster weighs as many pupils as it has."""

    def __init__(self, register: Register, new_id: NewId) -> None:
        self.rosters: GroupCommit[Submission, list[RosterItem]] = GroupCommit(
            partial(register_rosters, register, new_id=new_id), weigh=lambda request: len(request.roster.pupils)
        )
        self.links: GroupCommit[Redemption, Link] = GroupCommit(partial(redeem, register), weigh=lambda _: 1)
