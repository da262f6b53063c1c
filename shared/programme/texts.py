"""Texts that people type: each kind has one form, decided where it enters, and the same for look-ups (ADR 11).

A text that is one although people write it in several ways is folded besides: a class's name, a link code, and the key
by which a school knows a person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any
from unicodedata import category, normalize

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from shared.base.wording import complaint

WHITE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""Unicode's White_Space."""
HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U0001d159\U000e0100-\U000e01ef]"
)
"""Nobody sees these, although Unicode files them with letters, marks or signs and not with the format characters."""
USUAL = re.compile("[ -~А-яЁё«»№–—]*")
"""Characters of most names: each is seen, and composed with nothing."""
FORM = "x-form"
"""Extension of a text's schema: the rule that gives it its form."""
MOST_SENT = 4
"""A text may be sent with so many times the characters that its form may have: spaces, marks that are to be joined."""

LONG_NUMBER = re.compile(r"(?<!\w)[0-9](?:[ ()-]{0,2}[0-9]){9,}(?!\w)")
"""A phone, or the number of a document."""
DIGITS_OF_A_PERSON = 11
"""Of a СНИЛС, and of a phone with the country's code."""
NUMBER = re.compile(r"\+?[0-9() -]+")

LATIN, CYRILLIC = "ABCEHKMOPTXY", "АВСЕНКМОРТХУ"
"""Capitals that look alike, letter by letter."""
LATIN_GREEK, GREEK = "ABEHKMOPTXYI", "ΑΒΕΗΚΜΟΡΤΧΥΙ"
NOT_RUSSIAN, NOT_LATIN = "ISJ", "ІЅЈ"
TO_LATIN = str.maketrans(CYRILLIC + GREEK + NOT_LATIN, LATIN + LATIN_GREEK + NOT_RUSSIAN)
TO_RUSSIAN = str.maketrans(LATIN + "Ё", CYRILLIC + "Е")
TO_CROCKFORD = str.maketrans("OILUЗБЧ", "011V364")
"""Crockford's base32 reads O as 0, I and L as 1; it has no U, which is a V here. Small б and ч look like digits too."""
LONGEST_CLASS = 40
"""Characters of a class's name."""
CLASS = re.compile(r"[0-9]{1,2}([^0-9.:$][^.:$]{0,18})?")


def plain(text: str) -> str:
    """Brings a text to its one form: NFC, no white space at its ends, single spaces inside, nothing that is not seen.

    Raises PydanticCustomError, a ValueError, for a control character, one that Unicode has not assigned or leaves to
    private use, half of a surrogate pair, and for a text in which there is nothing to be seen.
    """
    if not USUAL.fullmatch(text):
        text = normalize("NFC", text if text.isprintable() and not HIDDEN.search(text) else _printable(text))
    text = " ".join(text.split())
    if not text[:1].isalnum() and not any(category(character)[0] in "LNPS" for character in text):
        raise PydanticCustomError("blank", "holds nothing that can be seen")
    return text


def _printable(text: str) -> str:
    seen = "".join(character for character in HIDDEN.sub("", text) if category(character) != "Cf").strip(WHITE)
    for character in seen:
        if category(character)[0] == "C":
            reason = "holds a control character or another one that is no text: U+{point}"
            raise complaint("no_text", reason, point=f"{ord(character):04X}")
    return "".join(" " if character in WHITE else character for character in seen)


def person_name(text: str) -> str:
    """A name in its form; raises PydanticCustomError where it is none, or where a phone or the like stands in it."""
    form = plain(text)
    if not any(map(str.isalpha, form)):
        raise PydanticCustomError("no_name", "holds no letter, so that it is no name")
    if "@" in form or LONG_NUMBER.search(form):
        raise PydanticCustomError("more_than_a_name", "holds a phone, an address or another number beside the name")
    return form


def school_key(text: str) -> str:
    """A school's own key of a person in its form; raises PydanticCustomError for a СНИЛС and for a mobile phone.

    Keys lie beside the vault, in the open: numbers by which all the world knows a person are no keys of a school.
    """
    form = plain(text)
    digits = "".join(filter(str.isdecimal, form))
    if len(digits) == DIGITS_OF_A_PERSON and NUMBER.fullmatch(form):
        if digits[:2] in ("79", "89"):
            raise PydanticCustomError("phone", "is a phone: send a key of the school's own")
        if sum((9 - at) * int(digit) for at, digit in enumerate(digits[:9])) % 101 % 100 == int(digits[9:]):
            raise PydanticCustomError("snils", "is a СНИЛС: send a key of the school's own")
    return form


def document(text: str) -> str:
    """A text of many lines as it is, since its digest is that of what was sent.

    Raises PydanticCustomError for a control character but those that part lines and columns, and for a text in which
    there is nothing to be seen.
    """
    plain(" ".join(part for part in re.split("[\t\r\n]", text) if part))
    return text


@lru_cache(maxsize=10_000)
def ref_key(text: str) -> str:
    """The fold of a school's own key of a person: `а-17`, `A–17` and `Ａ-17 ` are one.

    Compatibility forms, case, the alphabet of letters that look alike, the kind of a dash and the spaces around it do
    not tell keys apart.
    """
    return re.sub(" ?- ?", "-", _dashed(_capitals(plain(text)))).translate(TO_LATIN)


def link_code(text: str) -> str:
    """A one-time code as it was handed out, however its characters were typed: letters and digits alone count."""
    typed = "".join(filter(str.isalnum, _capitals(plain(text))))
    return typed.translate(TO_LATIN).translate(TO_CROCKFORD)


@lru_cache(maxsize=10_000)
def class_form(text: str) -> str:
    """The one form of a class's name: `7 «а»`, `7-A` and `07А` are `7А`; never an error, since events hold old names.

    Capitals; letters that look alike are Russian and Ё is Е; quotes, spaces and dashes are left out, but one dash stays
    between digits, as in `7-1`, and the grade has no zero before it. What is far longer than any class's name stays.
    """
    if len(text) > LONGEST_CLASS * MOST_SENT:
        return text
    try:
        letters = _capitals(plain(text)).translate(TO_LATIN).translate(TO_RUSSIAN)
    except ValueError:
        return text
    bare = "".join(letter for letter in _dashed(letters) if not _is_quote(letter)).replace("_", "-")
    form = re.sub(r"[- ]+", _between_digits, bare).lstrip("0")
    return form if form == text else class_form(form)  # what a space parted from its accent is joined with it by now


def class_name(text: str) -> str:
    """The form of a class's name as a school gives it; raises PydanticCustomError where it names no grade."""
    form = class_form(plain(text))
    if not CLASS.fullmatch(form):
        reason = "must begin with the grade, as «7А» does, without `.`, `:` and `$`, in at most 20 characters"
        raise PydanticCustomError("class_name", reason)
    return form


def _capitals(text: str) -> str:
    if text.isascii():
        return text.upper()
    return " ".join(normalize("NFKC", normalize("NFKC", text).upper()).split())


def _dashed(text: str) -> str:
    if text.isascii():
        return text
    return "".join("-" if letter in "\u2212\u2043" or category(letter) == "Pd" else letter for letter in text)


def _is_quote(letter: str) -> bool:
    return letter in "\"'`„‚′″" or category(letter) in ("Pi", "Pf")


def _between_digits(separator: re.Match[str]) -> str:
    before, after = separator.string[: separator.start()], separator.string[separator.end() :]
    return "-" if before[-1:].isdigit() and after[:1].isdigit() else ""


@dataclass(frozen=True)
class Text:
    """A kind of text for pydantic: its longest form in characters, and the function that gives it."""

    longest: int
    form: Callable[[str], str] = plain

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.formed, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "minLength": 1, "maxLength": self.longest, FORM: self.form.__name__}

    def read(self, sent: object) -> str | None:
        """The form of a text of this kind; None for anything else, which is neither looked up nor told again."""
        try:
            return self.formed(sent) if isinstance(sent, str) else None
        except ValueError:
            return None

    def formed(self, sent: str) -> str:
        """The form; raises PydanticCustomError where the text is none of this kind."""
        form = self.form(sent) if len(sent) <= self.longest * MOST_SENT else sent
        if len(form) > self.longest:
            raise complaint("too_long", "must have at most {longest} characters", longest=self.longest)
        return form


NAME = Text(200)
Name = Annotated[str, NAME]
"""Of a person or an organisation."""
PersonName = Annotated[str, Text(200, person_name)]
"""Of a person, or of an organisation that represents one."""
TITLE = Text(300)
Title = Annotated[str, TITLE]
"""Of what a catalogue holds."""
Passage = Annotated[str, Text(2_000)]
"""Some sentences that a catalogue has for its readers."""
Document = Annotated[str, Text(40_000, document)]
"""Of many lines, kept as it was sent."""
Reason = Annotated[str, Text(300)]
"""Why something was done, in the words of the one who did it."""
Version = Annotated[str, Text(40)]
"""Of a document that was signed."""
REF = Text(100)
Ref = Annotated[str, REF]
"""A caller's own name of what it sends, as it writes it: sent again, it means the same thing."""
PersonKey = Annotated[str, Text(100, school_key)]
"""A school's own key of a person: sent again, it means the same person."""
ClassName = Annotated[str, Text(LONGEST_CLASS, class_name)]
"""A school's own name of a class; figures are kept in fields of this name."""
LinkCode = Annotated[str, Text(100, link_code)]
"""A one-time code that was handed out; case, spaces, dashes and characters that look alike do not matter."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a text's UTF-8 in small hexadecimal letters."""
Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""An opaque id that a service gave out."""
