"""The words of the command line for a failure."""

import aiohttp
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from deploy.cli.installation import CallError
from deploy.programs.server import StackError
from deploy.simulator.command import PlayError
from deploy.simulator.scenario import ScenarioError
from shared.base.errors import ServiceError
from shared.messaging.failures import GroupEnds
from shared.operations.recovery import RecoveryError


def complained(error: Exception) -> tuple[int, str]:
    """The exit code and the words for a failure of a known kind; raises any other, which is a mistake of our own.

    Of tasks that failed together the first is told, if all of them failed in known ways.
    """
    match error:
        case ExceptionGroup():
            told = [complained(each) for each in error.exceptions]
            return told[0]
        case CallError() | StackError() | ScenarioError() | RecoveryError():
            return 2, str(error)
        case PlayError() | ServiceError() | GroupEnds():
            return 1, str(error)
        case KafkaError():
            return 2, f"Kafka: {error}"
        case PyMongoError():
            return 2, f"MongoDB: {str(error).partition(' (configured timeouts')[0]}"
        case aiohttp.ClientError() | OSError():
            return 2, str(error) or type(error).__name__
        case _:
            raise error
