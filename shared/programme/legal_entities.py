"""The state's numbers of legal entities: ИНН and ОГРН, each with a digit that checks the others."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

INN_WEIGHTS = (2, 4, 10, 3, 5, 9, 4, 6, 8)


def _is_inn(text: str) -> str:
    total = sum(weight * int(digit) for weight, digit in zip(INN_WEIGHTS, text, strict=False))
    if total % 11 % 10 != int(text[-1]):
        raise PydanticCustomError("inn", "is no ИНН: its last digit does not fit the others")
    return text


def _is_ogrn(text: str) -> str:
    if int(text[:-1]) % 11 % 10 != int(text[-1]):
        raise PydanticCustomError("ogrn", "is no ОГРН: its last digit does not fit the others")
    return text


Inn = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{10}$"), AfterValidator(_is_inn)]
"""The taxpayer's number of a legal entity; a person's has twelve digits, and is personal data."""
Ogrn = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{13}$"), AfterValidator(_is_ogrn)]
"""The number of a legal entity in the state's register."""
