"""A certificate as a stranger is shown it who holds it in hand: initials, and whether it still holds."""

from datetime import datetime

from services.registration.texts.certificates import CertificateState
from shared.base.models import Answer


class VerifiedView(Answer):
    """A certificate that was issued here."""

    state: CertificateState
    """`valid` while its recommendation is in force, `replaced` by another one, or `withdrawn` without one."""
    initials: str
    """The initials of the pupil; nothing else of the person is told."""
    season: str
    """Code of the season."""
    season_name: str | None
    """Name of the season, in Russian; null while its definition is missing."""
    revision: int
    """The number of the recommendation among those of the pupil and season."""
    issued_at: datetime
    """When this revision came about, on the region's clock."""
    competencies: list[str]
    """Names of the competencies that are recommended, the most fitting first; none once it holds no longer."""
