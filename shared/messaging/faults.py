"""The closed list of what in a record's content can keep it from being applied; every other exception is our own."""

from collections.abc import Iterator
from typing import Any

from aiokafka.errors import KafkaError
from bson.errors import BSONError
from pymongo.errors import BulkWriteError, DocumentTooLarge, InvalidOperation, OperationFailure, PyMongoError

from shared.contracts.wire import InvalidMessage

TOO_LARGE = frozenset({10334, 17419, 17420})
"""BSONObjectTooLarge, and what an update says that would make a document too large."""
NAMES = frozenset({28, 40, 52, 55, 56, 57})
"""PathNotViable, ConflictingUpdateOperators, and names of fields that are empty, dotted or begin with a dollar."""
NUMBERS = frozenset({2, 14, 15, 9})
"""BadValue, TypeMismatch, Overflow, FailedToParse: a number that does not fit where it is added."""


def content_fault(error: BaseException) -> str | None:
    """Returns why a record's content cannot be applied, without its values; None for a fault that is not the record's.

    It is asked about an exception that the record raises alone, at whatever stage that is.
    """
    match error:
        case InvalidMessage():
            return str(error)
        case UnicodeError():
            return "a text cannot be encoded"
        case OverflowError():
            return "a number or a time is out of range"
        case RecursionError():
            return "it is nested too deeply"
        case DocumentTooLarge():
            return "it is too large to be stored"
        case BSONError():
            return "a name or a value cannot be encoded"
        case OperationFailure():
            return next((why for code in _codes(error) if (why := _refused(code)) is not None), None)
    return None


def is_transient(error: BaseException) -> bool:
    """Tells that the same may succeed later: the server speaks of itself, not of what it was asked."""
    if isinstance(error, PyMongoError):
        return not isinstance(error, InvalidOperation) and content_fault(error) is None
    return isinstance(error, OSError | KafkaError)


def _codes(error: OperationFailure) -> Iterator[int]:
    details: Any = error.details or {}
    if isinstance(error, BulkWriteError):
        yield from (entry.get("code", 0) for entry in details.get("writeErrors", ()))
    elif error.code is not None:
        yield error.code


def _refused(code: int) -> str | None:
    if code in TOO_LARGE:
        return "it is too large to be stored"
    if code in NAMES:
        return "a text cannot be the name of a field"
    return "a number is out of range" if code in NUMBERS else None
