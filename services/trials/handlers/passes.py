"""Use cases: a booking's pass is handed out, and passes that were scanned become presences."""

from collections.abc import Sequence

from services.trials.domain.path.caller import UnknownParticipant, is_staff_of, reaches
from services.trials.domain.path.steps import Presence
from services.trials.domain.presence.passes import OwnCode, Pass, PresenceEntry, Scans
from services.trials.handlers.held import held, walk_of
from services.trials.passes import Passes
from services.trials.repository import Repository
from shared.base.errors import BadInput, Conflict, NotFound
from shared.base.side_thread import aside, paced
from shared.http.batch import Item
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction


async def pass_of(repository: Repository, passes: Passes, booking: str, who: Principal) -> tuple[Pass, str]:
    """Returns what a booking's pass says, and the pass itself.

    Raises NotFound where there is no booking in the scope, Conflict for one that was given up.
    """
    walk = await walk_of(repository, booking)

    async def body(tx: Transaction) -> Pass:
        seat = (await held(repository, walk, who, tx)).path.booking(booking)
        if not seat.is_live:
            raise Conflict("the booking was given up", slug="booking-cancelled")
        return Pass(seat.id, seat.slot)

    said = await repository.transact(body)
    return said, passes.write(said)


async def own_code(repository: Repository, passes: Passes, participant: str, who: Principal) -> tuple[str, str]:
    """Returns a pupil's id and own code; raises UnknownParticipant outside the scope."""

    async def body(tx: Transaction) -> str:
        found = (await repository.copies.joined([participant], tx)).get(participant)
        if found is None or not reaches(who, found.pupil):
            raise UnknownParticipant.about("participant", "no such participant in your scope")
        about([found.pupil.id])
        return found.pupil.id

    pupil = await repository.transact(body)
    return pupil, passes.write(OwnCode(pupil))


async def codes_of_class(
    repository: Repository, passes: Passes, of: tuple[str, str, str], who: Principal
) -> list[tuple[str, str]]:
    """Returns the ids and own codes of a school's class in a season; raises NotFound for none in the scope."""
    school, name, season = of

    async def body(tx: Transaction) -> list[str]:
        there = [one.pupil for one in await repository.copies.in_class(school, name, tx)]
        return [pupil.id for pupil in there if season in pupil.seasons and is_staff_of(who, pupil)]

    pupils = await repository.transact(body)
    if not pupils:
        raise NotFound("no such class in your scope")
    about(pupils)
    return await aside(lambda: [(id, passes.write(OwnCode(id))) for id in paced(pupils)], len(pupils))


async def scanned(
    repository: Repository, passes: Passes, items: Sequence[Item[PresenceEntry]], slot: str
) -> list[Item[Presence]]:
    """Returns the presences of entries, in their order; one whose pass is none becomes its refusal."""
    entries = [item.value for item in items if isinstance(item.value, PresenceEntry)]
    tokens = {entry.token for entry in entries if entry.token is not None}
    read = await aside(lambda: {token: passes.read(token) for token in paced(tokens)}, len(tokens))
    bookings = [shown.booking for shown in read.values() if isinstance(shown, Pass) and shown.slot == slot]
    scans = Scans(slot, read, await repository.holders(bookings) if bookings else {})
    return [_presence(scans, item) for item in items]


class Scanned(Item[Presence]):
    """A presence whose pupil a pass named."""

    def pointer(self, word: str) -> str:
        """Returns the place of a refusal's word: what is said of the pupil is said of the pass."""
        return f"{self.at}/token" if word == "participant" else super().pointer(word)


def _presence(scans: Scans, item: Item[PresenceEntry]) -> Item[Presence]:
    if isinstance(item.value, BadInput):
        return Item(item.at, item.value)
    try:
        kind = Item if item.value.token is None else Scanned
        return kind(item.at, scans.presence(item.value))
    except BadInput as refusal:
        return Item(item.at, refusal.moved(item.pointer))
