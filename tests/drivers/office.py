"""The commands of registration as schools, operators and families give them, each to the handler behind its route."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.registration.api.rosters import Roster, read
from services.registration.domain.archive import ArchiveRequest
from services.registration.domain.consents import ConsentRequest
from services.registration.domain.merges import MergeRequest
from services.registration.domain.moves import MoveRequest
from services.registration.domain.promotions import PromotionRequest
from services.registration.handlers import archive, consents, guardians, links, merges, moves, promotions
from services.registration.handlers.erasure import Erasing, erase_pupil
from services.registration.handlers.rosters import register
from shared.http.batch import Item, Request
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.registration import pupil, roster
from tests.drivers.commands import Commands
from tests.drivers.furnished import DOCUMENT
from tests.drivers.together import NATION


def parent(guardian: str) -> Principal:
    """Returns a guardian as the account that opened the cabinet."""
    return Principal(f"subject of {guardian}", f"account of {guardian}", (Grant("guardian"),))


@dataclass
class Office(Commands):
    """What a school and its operators ask of registration, and families in their cabinets."""

    guardians: dict[str, Sequence[str]] = field(default_factory=dict)
    """Those of whom a roster of an entry has told, with the entry's id."""
    linked: list[tuple[str, str]] = field(default_factory=list)
    """Entries and guardians whose cabinets were opened."""

    def enter(
        self, ref: str, school: str, season: str, consent_at: datetime | None, back: int, guardian: str = "g"
    ) -> str | None:
        """Enters one child with one of its guardians; returns the entry's id."""
        given = consent_at and {"version": "1", "given_at": consent_at.isoformat(), "channel": "paper"}
        known = {"ref": f"{guardian}{ref}", "name": f"Иванова Анна {guardian}{ref}"}
        line = pupil(ref, namesake=True, consent=given, guardian=known)
        time = self.time(back) or self.both.now
        sent = roster([line], school=school, season=season, occurred_at=time.isoformat())

        async def entered() -> Any:
            request = await read(Roster.model_validate(sent), NATION, self.both.now)
            return await register(self.both.register, [request], self.both.new_id)

        done = self.ask("enter", entered())
        if done is None:
            return None
        known = done.value.pupil
        self.guardians[known.id] = known.guardians
        return str(known.id)

    def consent(self, id: str, version: str, guardian: str | None, back: int) -> None:
        """Notes a consent on paper of one of several guardians, or of the only one."""
        given = ConsentRequest(version=version, channel="paper", given_at=self.time(back), guardian=guardian)
        self.ask("consent", consents.give_consent(self.both.register, NATION, id, given, self.both.now))

    def withdraw(self, id: str, back: int) -> bool:
        """Notes that the consent was taken back; tells whether that was noted."""
        now = self.both.now
        work = consents.withdraw_consent(self.both.register, NATION, id, self.time(back), now)
        return self.ask("withdraw", work) is not None

    def link(self, id: str, guardian: str) -> None:
        """Opens a guardian's cabinet."""
        digest = self.both.register.codes.digest(self.both.register.codes.text(id, guardian))
        asked = Request(items=[Item("/code", digest, word="code")], who=parent(guardian), now=self.both.now)
        if self.ask("link", links.redeem(self.both.register, [asked])) is not None:
            self.linked.append((id, guardian))

    def agree(self, id: str, guardian: str) -> None:
        """Has a guardian give the consent in the cabinet."""
        given = ConsentRequest(version=DOCUMENT)
        self.ask("agree", consents.give_consent(self.both.register, parent(guardian), id, given, self.both.now))

    def refuse(self, id: str, guardian: str) -> bool:
        """Has a guardian take the consent back, whoever gave it; tells whether that was done."""
        work = consents.withdraw_consent(self.both.register, parent(guardian), id, None, self.both.now)
        return self.ask("refuse", work) is not None

    def forget(self, guardian: str) -> None:
        """Erases a guardian."""
        erasing = Erasing(self.both.now, self.both.new_id)
        self.ask("forget", guardians.erase_guardian(self.both.register, NATION, guardian, erasing))

    def promote(self, school: str, repeats: str | None) -> bool:
        """Takes a school into the year that has begun, one pupil perhaps not; tells whether all went."""
        but = [{"participant": repeats, "becomes": "repeats"}] if repeats else []
        request = PromotionRequest.model_validate({"year": "2020", "exceptions": but})
        work = promotions.promote(self.both.register, NATION, school, request, self.both.now)
        done = self.ask("promote", work)
        return done is not None and not done.refused

    def archive(self, id: str, back: int) -> None:
        """Puts an entry into the archive."""
        left = ArchiveRequest(reason="left", occurred_at=self.time(back))
        self.ask("archive", archive.archive(self.both.register, NATION, id, left, self.both.now))

    def restore(self, id: str, back: int) -> None:
        """Takes an entry out of it."""
        self.ask("restore", archive.restore(self.both.register, NATION, id, self.time(back), self.both.now))

    def move(self, id: str, school: str, back: int) -> None:
        """Takes a pupil to a school."""
        said = {"school": school, "class": "7А", "occurred_at": (self.time(back) or self.both.now).isoformat()}
        request = MoveRequest.model_validate(said)
        self.ask("move", moves.move_pupil(self.both.register, NATION, id, request, self.both.now))

    def merge(self, survivor: str, duplicate: str) -> None:
        """Says that two entries are one pupil."""
        request = MergeRequest(survivor=survivor, duplicate=duplicate)
        self.ask("merge", merges.merge_pupils(self.both.register, NATION, request, self.both.now))

    def part(self, duplicate: str) -> None:
        """Says that they are two after all."""
        self.ask("part", merges.unmerge_pupils(self.both.register, NATION, duplicate, self.both.now))

    def erase(self, id: str) -> None:
        """Erases a pupil."""
        erasing = Erasing(self.both.now, self.both.new_id)
        self.ask("erase", erase_pupil(self.both.register, NATION, id, erasing))
