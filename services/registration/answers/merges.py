"""Merges as they are answered."""

from typing import Literal

from services.registration.domain.participants import Adopted
from shared.base.models import Answer


class MergeView(Answer):
    """Two entries that are one pupil."""

    survivor: str
    """Id of the entry under which the pupil goes on; all that is entered for either id is this one's."""
    duplicate: str
    """Id of the entry that was taken into it; it leads to the survivor."""
    state: Literal["merged", "parted"]
    """`parted` where they are two again."""
    new: bool
    """False where they were merged before."""
    guardians: list[str]
    """Ids of the guardians whom the survivor took on; those whom both entries had are not here."""
    cabinets: int
    """Number of guardians' cabinets that show the survivor now."""
    account: bool
    """True where the pupil's own account was the duplicate's; of two accounts the survivor's stays."""
    consent: bool
    """True where the consent in force was the duplicate's."""
    seasons: list[str]
    """Seasons into which the duplicate had been entered earlier, or alone."""

    @classmethod
    def of(cls, pair: tuple[str, str], state: Literal["merged", "parted"], adopted: Adopted, new: bool) -> "MergeView":
        """The answer about a survivor and its duplicate."""
        return cls(
            survivor=pair[0],
            duplicate=pair[1],
            state=state,
            new=new,
            guardians=list(adopted.guardians),
            cabinets=len(adopted.cabinets),
            account=adopted.account is not None,
            consent=adopted.consent is not None,
            seasons=sorted(adopted.seasons),
        )
