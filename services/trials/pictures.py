"""The pictures that items show: drawn for these instruments, small, and without a word in them."""

from collections.abc import Mapping
from pathlib import Path

from services.trials.domain.catalogue.definitions import Definition
from shared.base.errors import BadInput, FieldError
from shared.http.assets import Asset

FOLDER = Path(__file__).parent / "instruments" / "pictures"
PICTURES: Mapping[str, Asset] = {path.stem: Asset.read(path) for path in sorted(FOLDER.glob("*.svg"))}


def must_be_there(definition: Definition) -> None:
    """Raises BadInput that names each picture of an instrument that trials does not have."""
    wrong = [
        FieldError(f"items/{place}/picture/code", "no such picture")
        for place, item in enumerate(definition.items)
        if item.picture is not None and item.picture.code not in PICTURES
    ]
    if wrong:
        raise BadInput.of(wrong)
