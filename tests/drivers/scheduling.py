"""Who runs which tests when several processes share them."""

from xdist.scheduler import LoadFileScheduling

TOGETHER = "tests/e2e/"
"""They share the processes of a whole system, which a second worker would have to start and keep once more."""


class BySystem(LoadFileScheduling):  # type: ignore[misc]  # xdist tells no types
    """Hands out files, and those that share a system as one."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)
