"""Parameters that routes of several resources have."""

from typing import Annotated

from fastapi import Path

from shared.contracts.codes import OrganisationCode

InCode = Annotated[OrganisationCode, Path(description="The organisation's code in the register.")]
