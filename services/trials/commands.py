"""The commands that whole classes send at the lesson bell: those of one kind that wait share a transaction."""

from functools import partial

from services.trials.attempts import Attempts, take_attempts
from services.trials.attendance import Presences, confirm
from services.trials.bookings import Bookings, book
from services.trials.gate import NewId
from services.trials.instruments import Attempt
from services.trials.path import Attendance, Booking
from services.trials.repository import Store
from services.trials.results import Result
from shared.storage.group_commit import GroupCommit


class Commands:
    """A queue for each kind; what they weigh is the number of pupils. When a popular slot opens, its bookings come
    in one after the other here instead of conflicting in the database."""

    def __init__(self, store: Store, new_id: NewId) -> None:
        self.attempts: GroupCommit[Attempts, list[Result[Attempt]]] = GroupCommit(
            partial(take_attempts, store, new_id=new_id), weigh=lambda request: len(request.sent)
        )
        self.bookings: GroupCommit[Bookings, list[Result[Booking]]] = GroupCommit(
            partial(book, store, new_id=new_id), weigh=lambda request: len(request.wishes)
        )
        self.attendance: GroupCommit[Presences, list[Result[Attendance]]] = GroupCommit(
            partial(confirm, store, new_id=new_id), weigh=lambda request: len(request.said)
        )
