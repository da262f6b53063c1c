"""The address of an online programme, as the booked and the venue are shown it."""

from shared.base.models import Answer


class LinkView(Answer):
    """The address at which an online trial is held."""

    slot: str
    """Id of the slot."""
    programme: str
    """Code of the programme that is held."""
    link: str
    """The address to be opened at the slot's start; to be passed on to nobody."""
