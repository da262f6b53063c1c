"""Which tokens are believed and how long, and what their claims grant: places to staff, a mere role to a family."""

import base64
import json

import pytest
from joserfc.jwk import ECKey, KeySet

from deploy.local.identity import Issuer
from shared.auth import Grant, Principal, Scope, Tokens, grants_of
from shared.errors import Unauthenticated, Unavailable
from shared.issuer import KEEP_SECONDS, REFETCH_SECONDS, IssuerKeys

STAFF = {"role": "navigator", "org": "RU-ROS-001-S01"}
URL = "http://127.0.0.1:8080/issuer"
LEEWAY = 30


class Provider:
    """An identity provider and its clock, in seconds since 1970."""

    def __init__(self) -> None:
        self.now = 1_600_000_000.0
        self.answers = True
        self.issuer = Issuer(ECKey.generate_key("P-256"), URL)

    async def keys(self) -> KeySet:
        if not self.answers:
            raise Unavailable("the provider is down")
        return KeySet.import_key_set(self.issuer.keys())

    def token(self, subject: str = "anna", *grants: dict[str, str], lifetime: int = 3600) -> str:
        return self.issuer.token(subject, grants, self.now, lifetime)

    def changes_its_key(self) -> None:
        self.issuer = Issuer(ECKey.generate_key("P-256"), URL)


class Counting(Tokens):
    """Counts what it verified."""

    def __init__(self, provider: Provider, most: int = 10) -> None:
        keys = IssuerKeys(provider.keys, lambda: provider.now)
        super().__init__(URL, "bilet", bytes(32), keys, lambda: provider.now, most)
        self.verified = 0

    def _verified(self, token: str, keys: KeySet) -> tuple[Principal, float]:
        self.verified += 1
        return super()._verified(token, keys)

    async def who(self, token: str) -> Principal:
        return await self.principal(f"Bearer {token}")


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def tokens(provider: Provider) -> Counting:
    return Counting(provider)


async def test_a_token_is_verified_once(provider: Provider, tokens: Counting) -> None:
    token = provider.token("anna", STAFF)
    first = await tokens.who(token)
    provider.now += 1
    assert await tokens.who(token) == first
    assert (first.subject, first.grants) == ("anna", (Grant("navigator", "RU-ROS-001-S01"),))
    assert tokens.verified == 1


async def test_an_expired_token_is_refused_although_it_was_known(provider: Provider, tokens: Counting) -> None:
    token = provider.token(lifetime=20)
    await tokens.who(token)
    provider.now += 20 + LEEWAY
    with pytest.raises(Unauthenticated, match="ExpiredTokenError"):
        await tokens.who(token)


async def test_another_token_of_the_subject_is_verified_on_its_own(provider: Provider, tokens: Counting) -> None:
    plain, granted = provider.token("anna"), provider.token("anna", STAFF)
    assert (await tokens.who(plain)).grants == ()
    assert (await tokens.who(granted)).grants == (Grant("navigator", "RU-ROS-001-S01"),)
    forged = f"{granted[:-8]}AAAAAAAA"
    with pytest.raises(Unauthenticated, match="BadSignatureError"):
        await tokens.who(forged)
    assert tokens.verified == 3


def test_a_national_operator_is_one_of_the_nation_alone() -> None:
    claim = [{"role": "national-operator", "org": org} for org in ("RU", "RU-ROS", None)]
    assert grants_of(claim) == (Grant("national-operator", "RU"),)


@pytest.mark.parametrize("critical", [True, 5.5, [[]], {"a": 1}])
async def test_a_header_of_a_wrong_shape_is_no_valid_token(tokens: Counting, critical: object) -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "ES256", "crit": critical}).encode()).rstrip(b"=").decode()
    with pytest.raises(Unauthenticated):
        await tokens.who(f"{header}.e30.AAAA")


async def test_a_key_that_is_not_known_lets_the_keys_be_fetched_again(provider: Provider, tokens: Counting) -> None:
    """The token of the withdrawn key, known until then, is refused with it."""
    old = provider.token()
    await tokens.who(old)
    provider.changes_its_key()
    provider.now += REFETCH_SECONDS
    assert (await tokens.who(provider.token("boris"))).subject == "boris"
    with pytest.raises(Unauthenticated):
        await tokens.who(old)


async def test_a_withdrawn_key_is_believed_for_a_minute(provider: Provider, tokens: Counting) -> None:
    token = provider.token()
    await tokens.who(token)
    provider.changes_its_key()
    provider.now += KEEP_SECONDS - 1
    await tokens.who(token)
    provider.now += 1
    with pytest.raises(Unauthenticated):
        await tokens.who(token)


async def test_the_old_keys_serve_while_the_provider_is_down(provider: Provider, tokens: Counting) -> None:
    provider.answers = False
    with pytest.raises(Unavailable):
        await tokens.who(provider.token())
    provider.answers = True
    await tokens.who(provider.token())
    provider.answers = False
    provider.now += KEEP_SECONDS
    assert (await tokens.who(provider.token("boris"))).subject == "boris"


async def test_the_token_unused_for_longest_makes_room(provider: Provider) -> None:
    tokens = Counting(provider, most=2)
    anna, boris, vera = (provider.token(subject) for subject in ("anna", "boris", "vera"))
    for token in (anna, boris, anna, vera):
        await tokens.who(token)
    assert tokens.verified == 3
    await tokens.who(anna)
    assert tokens.verified == 3
    await tokens.who(boris)
    assert tokens.verified == 4


def test_staff_are_granted_a_place_and_perhaps_its_classes() -> None:
    assert grants_of([STAFF, {**STAFF, "classes": ["7А", "7А"]}]) == (
        Grant("navigator", "RU-ROS-001-S01"),
        Grant("navigator", "RU-ROS-001-S01", frozenset({"7А"})),
    )


@pytest.mark.parametrize("role", ["guardian", "pupil"])
def test_a_family_reaches_nothing_by_its_claim(role: str) -> None:
    grants = grants_of([{"role": role, "org": "RU", "classes": ["7А"]}, {"role": role, "org": ["RU"]}])
    assert grants == (Grant(role), Grant(role))  # type: ignore[arg-type]
    assert not Scope(grants).covers("RU-ROS", "RU-ROS-001")


@pytest.mark.parametrize("claim", [None, "navigator", {"role": "navigator"}, 7])
def test_a_claim_that_is_no_list_grants_nothing(claim: object) -> None:
    assert grants_of(claim) == ()


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        "navigator",
        {},
        {"role": "headmaster", "org": "RU"},
        {"role": ["navigator"], "org": "RU"},
        {"role": {}, "org": "RU"},
        {**STAFF, "org": ["RU"]},
        {**STAFF, "org": {"code": "RU"}},
        {**STAFF, "org": 7},
        {**STAFF, "classes": "7А"},
        {**STAFF, "classes": [["7А"]]},
        {**STAFF, "classes": ["7А", {}]},
    ],
)
def test_a_malformed_entry_is_not_granted_and_its_neighbours_are(malformed: object) -> None:
    assert grants_of([malformed, STAFF]) == (Grant("navigator", "RU-ROS-001-S01"),)
