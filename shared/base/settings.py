"""Settings of a process, read from the environment once and passed down."""

import base64
import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.base.errors import pointer
from shared.base.named_keys import NamedKeys
from shared.base.quota import Quota, QuotaSetting
from shared.contracts.topics import PARTITIONS

Network = IPv4Network | IPv6Network


def networks(text: object) -> Any:
    """Networks from a comma-separated text; raises ValueError for another."""
    if not isinstance(text, str):
        return text
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(networks)]
"""Networks that the environment writes with commas between them."""


class LimitSettings(BaseSettings):
    """Quotas are written `units/seconds`: so many at once, each of which is there again after seconds / units."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    trusted_proxies: Networks = ()
    """Networks of proxies whose word for a client's address is believed."""
    limit_operator_writes: QuotaSetting = Quota(1_000, 10)
    limit_staff_writes: QuotaSetting = Quota(600, 60)
    limit_family_writes: QuotaSetting = Quota(60, 60)
    limit_failed_codes: QuotaSetting = Quota(10, 1_800)
    """Of an account."""
    limit_failed_codes_of_address: QuotaSetting = Quota(300, 3_600)
    """A class of families may sit behind one."""
    limit_found_children: QuotaSetting = Quota(60, 3_600)
    """Children whom an account finds in other schools by their names: so many answers tell no list apart."""
    limit_dry_runs: QuotaSetting = Quota(20, 3_600)
    """Files that an account lets be judged and not entered: a miss costs a guesser nothing."""
    limit_place_requests: QuotaSetting = Quota(10, 86_400)
    """Requests for a child's place, of an account."""
    limit_unknown_callers: QuotaSetting = Quota(600, 60)
    """Requests without a valid token, of an address."""
    limit_operator_open: int = Field(default=200, ge=1)
    """Streams and long polls at once: an operator may follow the feed of every region."""
    limit_open: int = Field(default=20, ge=1)
    """Of everybody else."""


class Settings(LimitSettings):
    """The settings that every service needs; each has its row in deploy/README.md."""

    kafka_bootstrap_servers: str
    """Comma-separated host:port."""
    kafka_topic_prefix: str = ""
    """Put before every topic and group; lets several installations share a cluster."""
    kafka_partitions: int = Field(default=PARTITIONS, ge=1)
    """Of the event topics when they are created; the nation uses 48."""
    kafka_replication: int = Field(default=1, ge=1)
    mongo_url: str
    """A replica set: transactions need one."""
    mongo_database_prefix: str = "bilet_"
    http_host: str = "127.0.0.1"
    """Where to listen: an address or a name; `::` is every address of IPv6 and IPv4, `0.0.0.0` every one of IPv4."""
    http_port: int = Field(default=8000, ge=0, le=65535)
    http_body_seconds: float = Field(default=20.0, gt=0)
    """For the body of a request to arrive; a slower sender is answered with 408."""
    master_key: bytes
    """32 bytes in base64, of this service alone in an installation with an account key; other keys follow from it."""
    account_key: bytes = b""
    """32 bytes in base64, the same in all services: accounts are hashes under it. Unset, it follows from the master
    key, which is then one in all services."""
    oidc_issuer: str
    """URL of the identity provider; its discovery document lies below it."""
    oidc_audience: str = "bilet"
    oidc_plain_jwt: bool = False
    """Whether access tokens may be plain JWTs, for a provider that does not type them `at+jwt` (RFC 9068)."""
    log_level: str = "INFO"
    cabinet_url: str = Field(default="", max_length=200)
    """The address where families type their codes, as it is printed for them; none where there is no page of it."""
    public_url: str = Field(default="", max_length=200, pattern=r"^(https?://[^/]+(/.*)?)?$")
    """The address under which strangers reach the services, as certificates say it; that of the request without it."""
    vault_keys: NamedKeys = ()
    """Keys that wrap those of persons, of registration and of notifications, each its own: the current one first, the
    derived one need not be named. Written `id:base64,id:base64`."""
    public_release_seconds: float = Field(default=3_600.0, ge=0)
    """Between two releases of a region's public figures: so long an answer may be kept by anybody."""
    audit_days: int = Field(default=1_096, ge=1)
    """How long an entry of the audit log, or a correction, is kept: three years unless an operator says otherwise."""
    vault_keys_apart: bool = False
    """Parts persons' keys from the vault of an older installation when it is migrated, for good; new ones begin so."""
    key_backup_days: int = Field(default=30, ge=0, le=30)
    """For so long backups of persons' keys are kept: an erased person can be read from old backups no longer."""
    dead_letters_in_a_row: int = Field(default=1_000, ge=1)
    """How many unreadable records in a row of one partition stop a consumer."""

    @field_validator("master_key", "account_key", mode="before")
    @classmethod
    def _decode_key(cls, text: object, about: ValidationInfo) -> bytes:
        if text in ("", b"") and about.field_name == "account_key":
            return b""
        key = base64.b64decode(text, validate=True) if isinstance(text, str) else text
        if not isinstance(key, bytes) or len(key) != 32:
            raise ValueError("must be 32 bytes in base64")
        return key

    @property
    def bootstrap(self) -> list[str]:
        """Host:port of each server; FastStream does not split the string itself."""
        return self.kafka_bootstrap_servers.split(",")

    def database(self, service: str) -> str:
        """Name of a service's own database."""
        return f"{self.mongo_database_prefix}{service}"


C = TypeVar("C", bound=BaseSettings)


def from_environment(settings: type[C]) -> C:
    """The settings, or one line on stderr that names each wrong variable and no value, and exit code 2."""
    try:
        return settings()
    except ValidationError as error:
        complaints = "; ".join(
            f"{pointer('', e['loc']).lstrip('/').upper()}: {e['msg']}"
            for e in error.errors(include_url=False, include_input=False, include_context=False)
        )
        print(f"settings: {complaints}", file=sys.stderr)
        raise SystemExit(2) from None
