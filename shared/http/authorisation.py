"""The permission to call a route: its roles stand in the signature."""

from typing import Annotated, Any, get_args

from fastapi import Depends, Request

from shared.base.errors import Unauthenticated
from shared.http.exclusions import KnownExclusions
from shared.http.limits import Limits
from shared.identity.acting import PRINCIPAL
from shared.identity.grants import FAMILY, Role
from shared.identity.principal import Principal
from shared.identity.tokens import Tokens


def admit(*roles: Role) -> Any:
    """A route's dependency: the principal with its grants of these roles. The signature is the permission.

    The route asks for it before the body is read (`shared.http.routes`); the endpoint is given the one that was found.
    """

    async def principal(request: Request) -> Principal:
        known: Principal | None = request.scope.get(PRINCIPAL)
        if known is not None:
            return known
        tokens: Tokens = request.app.state.tokens
        limits: Limits = request.app.state.limits
        exclusions: KnownExclusions = request.app.state.exclusions
        given = request.headers.getlist("authorization")
        if len(given) > 1:
            raise Unauthenticated("more than one Authorization header")
        try:
            known = await tokens.principal(given[0] if given else None)
        except Unauthenticated:
            await limits.refuse(request.scope)
            raise
        found = (await exclusions.admitted(known)).limited_to(*roles)
        await limits.admit(request.scope, found.account, (grant.role for grant in found.grants))
        request.scope[PRINCIPAL] = found
        return found

    principal.roles = roles  # type: ignore[attr-defined]
    return Depends(principal)


NationalOperator = Annotated[Principal, admit("national-operator")]
RegionOperator = Annotated[Principal, admit("national-operator", "regional-operator")]
Operator = Annotated[Principal, admit("national-operator", "regional-operator", "municipal-operator")]
STAFF: tuple[Role, ...] = ("national-operator", "regional-operator", "municipal-operator", "navigator")
"""Who acts for the pupils of a place, from the nation down to a class."""
SchoolStaff = Annotated[Principal, admit(*STAFF)]
StaffOrVenue = Annotated[Principal, admit(*STAFF, "venue")]
VenueOperator = Annotated[Principal, admit("national-operator", "regional-operator", "venue")]
Organiser = Annotated[Principal, admit("national-operator", "regional-operator", "municipal-operator", "venue")]
"""Who may close what is held in a place."""
VenueStaff = Annotated[Principal, admit("national-operator", "regional-operator", "venue", "mentor")]
Family = Annotated[Principal, admit(*sorted(FAMILY))]
StaffOrFamily = Annotated[Principal, admit(*STAFF, *sorted(FAMILY))]
Anyone = Annotated[Principal, admit(*get_args(Role))]
"""Everyone who has a token with a grant."""
FeedConsumer = Annotated[Principal, admit("national-operator", "regional-operator", "service")]
