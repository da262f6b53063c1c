"""The language of an answer to people, as the request's `Accept-Language` has it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Header, Response

from shared.base.languages import Language, best_of


def fields(language: Language) -> Mapping[str, str]:
    """The fields of an answer in a language."""
    return {"Content-Language": language, "Vary": "Accept-Language"}


async def _language(response: Response, accept_language: Annotated[str | None, Header()] = None) -> Language:
    chosen = best_of(accept_language)
    response.headers.update(fields(chosen))
    return chosen


Spoken = Annotated[Language, Depends(_language)]
