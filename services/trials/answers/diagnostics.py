"""Diagnostic instruments as they are shown: to everybody without what would give the answers away."""

from services.trials.domain.catalogue.definitions import Choice, Item, ItemPicture, Norm, Option, Scale
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.catalogue.wording import PICTURES, Label, Version, Words
from shared.base.models import Answer
from shared.http.paging import Page


class DiagnosticEntry(Answer):
    """An instrument in a list, without what it is made of."""

    code: str
    """Code of the diagnostic."""
    name: str
    """Name, in Russian."""
    names: Label
    """Name in both languages."""
    method: str
    """The published method that it follows."""
    minutes: int | None
    """The time for answering; null where there is no limit."""
    usual_minutes: int | None
    """The time that answering usually takes; null where nobody has said it."""
    versions: tuple[Version, ...]
    """The versions in which its items have words; none where a page has its own."""
    scales: int
    """The number of scales of its profile."""
    items: int
    """The number of items that a pupil answers."""
    used: bool
    """True since the first attempt: words and norms can be added, and nothing else changes."""


class DiagnosticPage(Page[DiagnosticEntry]):
    """Diagnostics by their codes."""


class ScaleView(Answer):
    """A trait that some of the items measure together."""

    code: str
    """Code of the scale."""
    name: str
    """Name, in Russian."""
    names: Label
    """Name in both languages."""
    for_pupil: Words | None = None
    """Says to the pupil what the scale is about; absent where nobody has said it."""
    for_guardian: Words | None = None
    """Says the same to the pupil's guardian; absent where nobody has said it."""

    @classmethod
    def of(cls, scale: Scale) -> "ScaleView":
        """Shows a scale."""
        told = {"name": scale.name.ru, "names": scale.name}
        return cls(code=scale.code, for_pupil=scale.for_pupil, for_guardian=scale.for_guardian, **told)


class ChoiceView(Answer):
    """An answer that can be chosen."""

    code: str
    """Code of the option."""
    text: Words | None = None
    """The words of the answer; absent where the page has its own."""
    points: int | None = None
    """Points for choosing it; absent for everyone but the national operator."""

    @classmethod
    def of(cls, choice: Choice, whole: bool) -> "ChoiceView":
        """Shows an option, with its points where `whole`."""
        points = choice.points if whole and isinstance(choice, Option) else None
        return cls(code=choice.code, text=choice.text, points=points)


class PictureView(Answer):
    """A picture that is shown with an item."""

    code: str
    """Code of the picture."""
    url: str
    """Its address on this service: SVG, which everybody may read, a page's `img` too."""
    alt: Words
    """Says in words what is to be seen, for whoever does not see it."""

    @classmethod
    def of(cls, picture: ItemPicture) -> "PictureView":
        """Shows where a picture is."""
        return cls(code=picture.code, url=f"/trials/pictures/{picture.code}", alt=picture.alt)


class ItemView(Answer):
    """One question or statement."""

    code: str
    """Code of the item."""
    scale: str
    """Code of the scale that it counts towards."""
    texts: dict[Version, Words] | None = None
    """The words by version, or of the version asked for alone; absent where the page has its own."""
    picture: PictureView | None = None
    """The picture of the version beside pictures; absent where there is none, and in another version."""
    options: list[ChoiceView] | None = None
    """Answers of its own; absent where it offers those of the instrument."""
    reversed: bool | None = None
    """True where agreeing speaks against the scale; absent for everyone but the national operator."""
    right: str | None = None
    """The right one of its own answers; absent for everyone but the national operator, and where there is none."""

    @classmethod
    def of(cls, item: Item, version: Version | None, whole: bool) -> "ItemView":
        """Shows an item, with what decides its points where `whole`."""
        texts = item.texts and {name: words for name, words in item.texts.items() if version in (None, name)}
        return cls(
            code=item.code,
            scale=item.scale,
            texts=texts,
            picture=PictureView.of(item.picture) if item.picture and version in (None, PICTURES) else None,
            options=item.options and [ChoiceView.of(choice, whole) for choice in item.options],
            reversed=item.reversed if whole else None,
            right=item.right if whole else None,
        )


class DiagnosticView(Answer):
    """An instrument as a page shows it; once an attempt has used it, it keeps what it says."""

    code: str
    """Code of the diagnostic."""
    name: str
    """Name, in Russian."""
    names: Label
    """Name in both languages."""
    method: str
    """The published method that it follows, in Russian."""
    methods: Label
    """The same in both languages."""
    used: bool
    """True since the first attempt: words and norms can be added, and nothing else changes."""
    minutes: int | None = None
    """The time for answering, from the first answer that is saved on; absent where there is no limit."""
    usual_minutes: int | None = None
    """The time that answering usually takes; absent where nobody has said it."""
    versions: tuple[Version, ...]
    """The versions in which its items have words; none where a page has its own."""
    version: Version | None = None
    """The one that is shown; absent where all of them are."""
    scales: list[ScaleView]
    """The traits that it measures."""
    options: list[ChoiceView]
    """Answers that every item offers that has none of its own."""
    items: list[ItemView]
    """Questions or statements, in the order in which they are asked: beside pictures only some of them."""
    norms: tuple[Norm, ...]
    """The results of others with which a profile is compared; none where there are no norms."""

    @classmethod
    def of(cls, instrument: Instrument, version: Version | None = None, whole: bool = False) -> "DiagnosticView":
        """Shows an instrument in one version or all, with what decides points where `whole`."""
        asked = set(instrument.asked(version))
        return cls(
            code=instrument.code,
            name=instrument.name.ru,
            names=instrument.name,
            method=instrument.method.ru,
            methods=instrument.method,
            used=instrument.used,
            minutes=instrument.minutes,
            usual_minutes=instrument.usual_minutes,
            versions=instrument.versions,
            version=version,
            scales=[ScaleView.of(scale) for scale in instrument.scales],
            options=[ChoiceView.of(option, whole) for option in instrument.options],
            items=[ItemView.of(item, version, whole) for item in instrument.items if item.code in asked],
            norms=instrument.norms,
        )
