"""The ids of persons and slots that the platform gave out, as far as later steps need them."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Ledger:
    """Ids that the platform gave out: participants, guardians, transfers and codes by a pupil's number, slots by `ref`.

    A guardian's code is none once it has been redeemed, in an earlier play of the same season.
    """

    participants: dict[int, str] = field(default_factory=dict)
    guardians: dict[int, str] = field(default_factory=dict)
    link_codes: dict[int, str | None] = field(default_factory=dict)
    transfers: dict[int, str] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    gone: frozenset[int] = frozenset()
    """Pupils whom an earlier play has erased: nobody finds them any more, and a roster would enter them anew."""
    lapsing: frozenset[int] = frozenset()
    """Pupils whose first consent an earlier play may have withdrawn: a roster that says it again would be refused."""
