"""Exceptions: what a season's dates, last days and limits stand against, an operator of the place lets be recorded."""

from shared.base.errors import BadInput
from shared.contracts.codes import ExceptionReason
from shared.identity.grants import Role
from shared.identity.principal import Principal

OPERATORS: tuple[Role, ...] = ("national-operator", "regional-operator", "municipal-operator")


def is_operator(who: Principal, region: str, municipality: str | None = None, school: str | None = None) -> bool:
    """Tells whether an operator's grant of `who` covers a place."""
    return who.holding(*OPERATORS).scope.covers(region, municipality, school)


def may_except(
    reason: ExceptionReason | None, who: Principal, region: str, municipality: str | None = None
) -> ExceptionReason | None:
    """Returns the reason of an exception, if one is made; raises BadInput where it is not an operator who makes it."""
    if reason is not None and not is_operator(who, region, municipality):
        raise BadInput.field("exception", "only an operator of the place makes an exception")
    return reason
