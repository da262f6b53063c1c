"""The commands that come in crowds when a season opens: those of one kind that wait share a transaction."""

from functools import partial

from services.registration.domain.enrolment import Enrolled
from services.registration.domain.link import Linked
from services.registration.domain.participant import NewId
from services.registration.handlers.links import redeem
from services.registration.handlers.rosters import RosterRequest, register_rosters
from services.registration.repository import Repository
from shared.http.batch import Done, Outcome, Request
from shared.storage.group_commit import GroupCommit


class Queues:
    """A queue for each kind; a roster weighs as many pupils as it has lines."""

    def __init__(self, repository: Repository, new_id: NewId) -> None:
        self.rosters: GroupCommit[RosterRequest, list[Outcome[Enrolled]]] = GroupCommit(
            partial(register_rosters, repository, new_id=new_id), weigh=lambda request: len(request.items)
        )
        self.links: GroupCommit[Request[bytes], Done[Linked]] = GroupCommit(
            partial(redeem, repository), weigh=lambda _: 1
        )
