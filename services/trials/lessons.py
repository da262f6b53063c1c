"""Lessons in the database: whose paths have a part of one."""

from shared.storage.mongo import Mongo


class Lessons:
    """The lessons of one database, which stand on the paths of those who were in them."""

    def __init__(self, mongo: Mongo) -> None:
        self._paths = mongo["paths"]

    async def pupils(self, lesson: str) -> list[tuple[str, str]]:
        """Returns the entries who were in a lesson, each with the season."""
        rows = self._paths.find({"lessons.lesson": lesson}, {"participant": 1, "season": 1})
        return [(row["participant"], row["season"]) async for row in rows]
