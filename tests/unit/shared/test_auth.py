"""Which tokens are believed, and how long."""

import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.sidecars.issuer import Issuer
from shared.base.errors import Forbidden, Unauthenticated, Unavailable
from shared.identity.grants import Grant
from shared.identity.issuer import COLD_SECONDS, KEEP_SECONDS, REFETCH_SECONDS, IssuerKeys, Published
from shared.identity.keys import derive, keyed_id
from shared.identity.principal import Principal
from shared.identity.tokens import Tokens

STAFF = {"role": "navigator", "org": "RU-ROS-001-S01"}
URL = "http://127.0.0.1:8080/issuer"
LEEWAY = 30

Claims = dict[str, Any]


class Provider:
    """An identity provider and its clock, in seconds since 1970."""

    def __init__(self) -> None:
        self.now = 1_600_000_000.0
        self.answers = True
        self.named = URL
        self.changes_its_key()

    async def keys(self) -> Published:
        if not self.answers:
            raise Unavailable("the provider is down")
        return Published(self.named, KeySet.import_key_set(self.issuer.keys()))

    def token(self, subject: str = "anna", *grants: dict[str, str], lifetime: int = 3600) -> str:
        return self.issuer.token(subject, grants, self.now, lifetime)

    def signed(self, header: Claims, said: Claims | None = None, subject: str = "anna") -> str:
        """A token of another type, with other claims than the issuer's; None takes a claim away."""
        claims = {"iss": URL, "aud": "bilet", "sub": subject, "exp": int(self.now) + 60, "grants": []} | (said or {})
        key = {"alg": "ES256", "kid": self.key.thumbprint()}
        return jwt.encode(key | header, {n: v for n, v in claims.items() if v is not None}, self.key, default_type=None)

    def changes_its_key(self) -> None:
        self.key = ECKey.generate_key("P-256")
        self.issuer = Issuer(self.key, URL)


class Counting(Tokens):
    """Counts what it verified."""

    def __init__(self, provider: Provider, most: int = 10, plain: bool = False) -> None:
        keys = IssuerKeys(provider.keys, lambda: provider.now)
        super().__init__(provider.named, "bilet", derive(bytes(32), "account"), keys, lambda: provider.now, plain)
        self.most, self.verified = most, 0

    def _verified(self, token: str, by: Published) -> tuple[Principal, float]:
        self.verified += 1
        return super()._verified(token, by)

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
    provider.now += COLD_SECONDS
    await tokens.who(provider.token())
    provider.answers = False
    provider.now += KEEP_SECONDS
    assert (await tokens.who(provider.token("boris"))).subject == "boris"


@pytest.mark.parametrize(("named", "other"), [(URL, f"{URL}/"), (f"{URL}/", URL)])
async def test_an_issuer_is_compared_as_the_provider_writes_it(provider: Provider, named: str, other: str) -> None:
    """A slash at the end does not change whose account it is."""
    provider.named = named
    tokens = Counting(provider)
    who = await tokens.who(provider.signed({"typ": "at+jwt"}, {"iss": named}))
    assert who.account == keyed_id(derive(bytes(32), "account"), f"{URL}\nanna")
    with pytest.raises(Unauthenticated, match="InvalidClaimError"):
        await tokens.who(provider.signed({"typ": "at+jwt"}, {"iss": other}))


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


PLAIN = {"typ": "JWT"}


@pytest.mark.parametrize("named", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"])
async def test_an_access_token_is_typed_as_one(provider: Provider, tokens: Counting, named: str) -> None:
    assert (await tokens.who(provider.signed({"typ": named}))).subject == "anna"


@pytest.mark.parametrize("header", [PLAIN, {}, {"typ": "logout+jwt"}, {"typ": "dpop+jwt"}, {"typ": ""}])
async def test_a_token_of_another_type_is_refused(provider: Provider, tokens: Counting, header: Claims) -> None:
    for said in ({}, {"scope": "bilet"}):
        with pytest.raises(Unauthenticated, match="type is not at\\+jwt"):
            await tokens.who(provider.signed(header, said))


@pytest.mark.parametrize("header", [PLAIN, {}, {"typ": "jwt"}, {"typ": "application/jwt"}])
async def test_a_plain_access_token_is_admitted_where_a_setting_says_so(provider: Provider, header: Claims) -> None:
    tokens = Counting(provider, plain=True)
    keycloak = {"typ": "Bearer", "azp": "page", "acr": "1", "sid": "5"}
    others: list[Claims] = [{"scope": "openid", "azp": "page"}, {"scp": ["bilet"]}, {"client_id": "page"}]
    for said in ({}, keycloak, {"token_use": "access"}, *others):
        assert (await tokens.who(provider.signed(header, said))).subject == "anna"


@pytest.mark.parametrize(
    "said",
    [
        {"nonce": "n"},
        {"at_hash": "h"},
        {"c_hash": "h", "scope": "openid"},
        {"nonce": "n", "client_id": "page"},
        {"token_use": "id"},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"events": {}},
        {"auth_time": 1},
        {"azp": "bilet"},
        {"sid": "5", "acr": "1"},
        {"grants": None},
    ],
)
async def test_an_id_token_is_never_one_for_access(provider: Provider, said: Claims) -> None:
    """Not even where plain JWTs are admitted; `grants` None stands for a token without the claim."""
    with pytest.raises(Unauthenticated, match=r"ID token|says that it is an access token"):
        await Counting(provider, plain=True).who(provider.signed(PLAIN, said))


async def test_a_caller_learns_which_grants_do_not_fit(provider: Provider, tokens: Counting) -> None:
    who = await tokens.who(provider.token("anna", {"role": "navigator", "org": "RU"}, {"role": "guardian"}))
    assert who.limited_to("guardian").has("guardian")
    with pytest.raises(Forbidden, match="navigator:RU is not granted: the role is held in a school"):
        who.limited_to("navigator")
