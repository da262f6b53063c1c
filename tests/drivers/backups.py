"""A backup of a service's database: every row as of one instant, kept outside of the server and put back whole."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from shared.base.settings import Settings
from shared.contracts.event import Envelope

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Backup:
    """The rows of each collection, and whose database it is."""

    url: str
    database: str
    rows: Mapping[str, Sequence[Row]]

    @classmethod
    def of(cls, settings: Settings, service: str) -> "Backup":
        """Takes one, while the service runs or not."""
        url, name = settings.mongo_url, settings.database(service)
        with MongoClient[Any](url, tz_aware=True) as client:
            database = client[name]
            names = sorted(database.list_collection_names())
            with client.start_session(snapshot=True) as instant:
                rows = {collection: list(database[collection].find({}, session=instant)) for collection in names}
        return cls(url, name, rows)

    def put_back(self) -> None:
        """Puts all rows back, and nothing else is there; the service must not run."""
        with MongoClient[Any](self.url, tz_aware=True, w="majority") as client:
            database = client[self.database]
            for collection in database.list_collection_names():
                database[collection].delete_many({})
                if rows := self.rows.get(collection):
                    database[collection].insert_many(rows)


def assert_numbered_once(events: Sequence[Envelope]) -> None:
    """Sequences go on by one without gap or repeat, and no id is there twice."""
    assert [id for id, count in Counter(event.id for event in events).items() if count > 1] == []
    by_subject = defaultdict[str, list[int]](list)
    for event in events:
        by_subject[event.subject].append(int(event.sequence))
    assert {subject: said for subject, said in by_subject.items() if said != [*range(1, len(said) + 1)]} == {}
