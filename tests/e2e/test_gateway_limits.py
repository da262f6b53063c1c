"""Limits through the gateway: nobody chooses the address that counts, and a season's guessing is over in a moment."""

import asyncio
from collections import Counter

from shared.base.settings import Settings
from shared.http.client_address import client_of
from shared.http.permits import COLLECTION
from shared.identity.keys import derive, keyed_id
from shared.storage.mongo import Mongo
from tests.drivers.consumers import eventually
from tests.e2e.conftest import Client

LINKS = "/registration/links"
GUESSED = "failed-codes-of-address"
"""The policy whose rows show which addresses were counted."""


def row_of(settings: Settings, address: str) -> str:
    """The row of an address in the database."""
    client = client_of({"type": "http", "client": (address, 1), "headers": []}, ())
    return f"{GUESSED} {keyed_id(derive(settings.master_key, 'addresses'), client)}"


async def test_nobody_chooses_the_address_that_counts(client: Client, settings: Settings) -> None:
    """The gateway writes one field of a request anew and passes the other on; the service believes neither then."""
    said = {"X-Forwarded-For": "9.9.9.9", "Forwarded": "for=9.9.9.9"}
    for number in range(settings.limit_failed_codes_of_address.chunk):
        for headers in ({}, said, {"X-Forwarded-For": "9.9.9.9, 127.0.0.1"}):
            code = {"code": "2345-6789-ABCD"}
            answer = await client.call("POST", LINKS, code, by=("guardian",), subject=f"x{number}", **headers)
            assert answer.status == 404
    mongo = Mongo(settings.mongo_url, settings.database("registration"))

    async def counted() -> bool:
        rows = await mongo[COLLECTION].find({"_id": {"$regex": f"^{GUESSED} "}}).to_list(None)
        return [row["_id"] for row in rows] == [row_of(settings, "127.0.0.1")]

    try:
        await eventually(counted)
    finally:
        mongo.close()


async def test_a_guesser_of_link_codes_is_stopped_and_a_family_is_not(client: Client) -> None:
    async def guess(subject: str) -> int:
        answer = await client.call("POST", LINKS, {"code": "2345-6789-ABCD"}, by=("guardian",), subject=subject)
        if answer.status == 429:
            assert answer.headers["RateLimit-Policy"] == '"failed-codes";q=10;w=1800'
            assert answer.headers["Retry-After"] == answer.headers["RateLimit"].rpartition("t=")[2]
        return answer.status

    statuses = Counter(await asyncio.gather(*(guess("guesser") for _ in range(50))))
    assert set(statuses) == {404, 429}
    assert 10 <= statuses[404] <= 12
    assert await guess("a family behind the same address") == 404
