"""Parameters and principals that routes of several resources have."""

from typing import Annotated, get_args

from fastapi import Path

from shared.contracts.codes import OrganisationCode
from shared.http.authorisation import admit
from shared.identity.grants import Role
from shared.identity.principal import Principal

InCode = Annotated[OrganisationCode, Path(description="The organisation's code in the register.")]
Anyone = Annotated[Principal, admit(*get_args(Role))]
