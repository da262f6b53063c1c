"""Valid organisations of the register and what is said of them; a test changes only what it is about."""

from typing import Any

from services.registration.domain.definitions import Definition
from services.registration.domain.organisations import Organisation

INN, OGRN = "7707083893", "1027700132195"
"""Of a bank that everybody knows."""
REGION = Organisation(
    id="RU-ROS", kind="region", name="Ростовская область", parent="RU", region="RU-ROS", utc_offset="+03:00"
)
MUNICIPALITY = REGION.model_copy(
    update={"id": "RU-ROS-001", "kind": "municipality", "parent": "RU-ROS", "municipality": "RU-ROS-001"}
)


def definition(**changed: Any) -> Definition:
    """A school, as an operator defines it."""
    return Definition(**{"kind": "school", "name": "Школа № 1", "parent": "RU-ROS-001", **changed})
