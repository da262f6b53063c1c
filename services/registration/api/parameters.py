"""Parameters that routes of several resources have."""

from typing import Annotated

from fastapi import Path, Query

from shared.contracts.codes import OrganisationCode
from shared.programme.texts import Id

Dry = Annotated[bool, Query(description="true to judge the lines and store nothing")]
InCode = Annotated[OrganisationCode, Path(description="The organisation's code in the register.")]
Owner = Annotated[Id, Path(description="Id of a guardian, or `self` for the pupil.")]
"""Of a code or a cabinet."""
