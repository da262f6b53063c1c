"""The declaration of a service's collections: their indexes, and whose data they hold."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pymongo import IndexModel


class Kept(NamedTuple):
    """A collection as it is declared."""

    indexes: Sequence[IndexModel] = ()
    persons: Sequence[str] = ()
    """The fields with an id or an account of a person, alone or at the begin of another id: dotted, `*` for any name.
    Whoever is erased or merged is looked for there. None where the rows are nobody's."""


Collections = Mapping[str, Kept]
"""A database's collections by name."""
CHANGED = "changed.by"
"""The account of whoever changed a row last."""
