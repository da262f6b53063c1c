"""The limits of rate of a service: who may do how much, by account, and by address only where there is no account."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.types import Scope

from shared.base.errors import ServiceError
from shared.base.quota import QuotaExceeded
from shared.base.settings import LimitSettings
from shared.http.client_address import client_of
from shared.http.open_answers import OpenAnswers
from shared.http.permits import Permits
from shared.identity.grants import FAMILY, Role
from shared.identity.keys import derive, keyed_id
from shared.storage.mongo import Mongo

OPERATORS = frozenset({"national-operator", "regional-operator", "municipal-operator", "service"})
UNCOUNTED: frozenset[Role] = frozenset({"national-operator", "regional-operator"})
"""Who sees every school of a region, and is not counted for the children whom a file finds."""
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
STANDING = "bilet.standing"
"""Where a request's scope keeps how its caller stands with a quota, for the fields of the answer."""


class Limits:
    """Counts in the service's database, for all its processes."""

    def __init__(self, settings: LimitSettings, master_key: bytes, mongo: Mongo | None = None) -> None:
        self._settings = settings
        self._key = derive(master_key, "addresses")
        self._operator_writes = Permits("operator-writes", settings.limit_operator_writes, mongo)
        self._staff_writes = Permits("staff-writes", settings.limit_staff_writes, mongo)
        self._family_writes = Permits("family-writes", settings.limit_family_writes, mongo)
        self._codes = Permits("failed-codes", settings.limit_failed_codes, mongo)
        self._codes_of_address = Permits("failed-codes-of-address", settings.limit_failed_codes_of_address, mongo)
        self._found = Permits("found-children", settings.limit_found_children, mongo)
        self._dry_runs = Permits("dry-runs", settings.limit_dry_runs, mongo)
        self._places = Permits("place-requests", settings.limit_place_requests, mongo)
        self._unknown = Permits("unknown-callers", settings.limit_unknown_callers, mongo)
        self._open = OpenAnswers(mongo)

    async def admit(self, scope: Scope, account: str, roles: Iterable[Role]) -> None:
        """Counts a request of an account, if it writes; raises QuotaExceeded."""
        if scope["method"] in WRITES:
            scope[STANDING] = await self._writes(frozenset(roles)).take(account)

    def _writes(self, roles: frozenset[Role]) -> Permits:
        if not roles.isdisjoint(OPERATORS):
            return self._operator_writes
        return self._family_writes if roles <= FAMILY else self._staff_writes

    async def refuse(self, scope: Scope) -> None:
        """Counts a request without a valid token, by its address; raises QuotaExceeded."""
        await self._unknown.take(self._address(scope))

    def _address(self, scope: Scope) -> str:
        """An address is personal data: it is kept as what only this installation can tell again."""
        return keyed_id(self._key, client_of(scope, self._settings.trusted_proxies))

    @asynccontextmanager
    async def guess(self, scope: Scope, account: str) -> AsyncIterator[None]:
        """Counts a try of a code that the body makes, unless it succeeds; raises QuotaExceeded before it is made.

        A try is counted from its beginning, so that a thousand at once are no more than one after the other, and stays
        counted where its caller has left.
        """
        address = self._address(scope)
        await self._codes.take(account)
        try:
            await self._codes_of_address.take(address)
        except QuotaExceeded:
            self._codes.give_back(account)
            raise
        try:
            yield
        except Exception as error:
            if isinstance(error, ServiceError) and error.status < 500:
                raise
            self._give_back(account, address)
            raise
        self._give_back(account, address)

    def _give_back(self, account: str, address: str) -> None:
        self._codes.give_back(account)
        self._codes_of_address.give_back(address)

    async def may_look(self, account: str) -> None:
        """Raises QuotaExceeded for an account that has found too many children by their names."""
        await self._found.take(account)
        self._found.give_back(account)

    def found(self, account: str, children: int) -> None:
        """Counts children whom an account has found; an answer may go beyond the quota, and is paid off by waiting."""
        if children:
            self._found.owe(account, children)

    async def try_file(self, account: str, roles: Iterable[Role]) -> None:
        """Counts a file that is only judged, and may be full of guesses; raises QuotaExceeded."""
        if not frozenset(roles) <= UNCOUNTED:
            await self._dry_runs.take(account)

    async def ask(self, account: str) -> None:
        """Counts a request for a place of an account; raises QuotaExceeded."""
        await self._places.take(account)

    def opened(self, account: str, roles: Iterable[Role]) -> AbstractAsyncContextManager[None]:
        """Counts a stream or a long poll of an account while the body runs; raises QuotaExceeded."""
        is_operator = not frozenset(roles).isdisjoint(OPERATORS)
        most = self._settings.limit_operator_open if is_operator else self._settings.limit_open
        return self._open.opened(account, most)
