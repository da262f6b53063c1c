"""Between which ends of a log a group's offset must lie."""

import pytest
from aiokafka import TopicPartition

from shared.messaging.failures import RecordsLost
from shared.messaging.lineage import must_be_within
from shared.messaging.log import Bounds

PARTITION = TopicPartition("registration.events.v1", 3)


@pytest.mark.parametrize("next_", [5, 6, 8, 9])
def test_an_offset_lies_between_what_the_log_still_has_and_what_comes_next(next_: int) -> None:
    must_be_within("g", PARTITION, Bounds(5, 9), next_)


@pytest.mark.parametrize(
    ("next_", "said"),
    [
        (10, "registration.events.v1:3 ends at offset 9, but g has handled everything below 10"),
        (4, "begins at offset 5, but g has handled only what is below 4: the records from 4 to 4 were deleted"),
    ],
)
def test_one_record_that_is_lost_is_told(next_: int, said: str) -> None:
    with pytest.raises(RecordsLost, match=said):
        must_be_within("g", PARTITION, Bounds(5, 9), next_)
