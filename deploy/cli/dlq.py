"""`bilet dlq`: the records that a group could not use, and what is done about them."""

import argparse
import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import TopicPartition

from deploy.cli import installation
from deploy.cli.installation import CallError
from deploy.cli.options import Form, Verb, Verbs, seconds
from deploy.cli.readiness import within
from shared.base.settings import Settings
from shared.contracts.topics import GROUPS
from shared.operations import recovery
from shared.operations.dead_letters import DeadLetter, dead_letters

ROW = "{:<24}  {:<20}  {:<44}  {:>7}  {:<8}  {}"
LIST = """\
Lists the records that consumer groups could not use, oldest first: where each was (topic:partition:offset), when it was
put aside, how large it is, what came of sending it in again, and why. The record itself is in the topic GROUP.dlq."""
SHOW = "Prints a dead letter whole, as JSON: why it was put aside, its headers, its value (as text, else in base64)."
REDRIVE = """\
Sends dead letters in again, to the handler of their own group and never to a topic. A worker of the group applies each
in a transaction: what had its effect before has it no second time. Exit code 0 when all were applied, 1 when one was
refused (the reason is printed) or still waits, because no worker runs or what it names is not there."""
SKIP = """\
Passes what a group stands at, by the position that `bilet lag` gives: a batch that cannot be read, or records that were
deleted before the group had them. What was passed is noted as a dead letter without a value."""
REREAD = """\
Lets a group read a topic from its beginning, for one that was made anew while its records had been handled. Every event
has its effect once, whatever was applied before."""
POSITION = "topic:partition:offset"


def add(verbs: Verbs) -> None:
    """Adds the command and its verbs."""
    words = "list, show, redrive, skip, reread: what could not be used (dead letters)"
    dlq = verbs.add_parser("dlq", help=words, formatter_class=Form).add_subparsers(required=True, metavar="COMMAND")
    listing = Verb(dlq, "list", list_letters, "list dead letters", LIST)
    _group(listing, "--group")
    listing.flag("--json", "a line of JSON each")
    showing = Verb(dlq, "show", show, "print one whole", SHOW)
    showing.option("position", POSITION, "POSITION")
    driving = Verb(dlq, "redrive", redrive, "send some in again", REDRIVE)
    _group(driving, "group")
    driving.option("position", f"{POSITION}; none for all", "POSITION", nargs="*")
    driving.option("--wait", "for a worker; default: 30", "SECONDS", type=seconds, default=30.0)
    passing = Verb(dlq, "skip", skip, "pass what a group stands at", SKIP)
    _group(passing, "group")
    passing.option("position", POSITION, "POSITION")
    anew = Verb(dlq, "reread", reread, "read a topic from its beginning", REREAD)
    _group(anew, "group")
    anew.option("topic", "its name at the broker", "TOPIC")
    for verb in (listing, showing, driving, passing, anew):
        verb.data()


def _group(verb: Verb, name: str) -> None:
    verb.option(name, f"one of {', '.join(sorted(GROUPS))}", "GROUP", choices=sorted(GROUPS))


async def list_letters(options: argparse.Namespace) -> int:
    """`bilet dlq list` lists the letters."""
    settings, groups = installation.servers(options.data), [options.group] if options.group else list(GROUPS)
    letters = await _letters(settings, groups)
    states = await within(recovery.states(settings, groups), "MongoDB")
    if not letters and not options.json:
        print(f"no dead letters{f' of {options.group}' if options.group else ''}")
    elif not options.json:
        print(ROW.format("group", "put aside (UTC)", "position", "bytes", "redriven", "reason"))
    for letter in letters:
        state = states.get((letter.group, letter.position), "")
        if options.json:
            print(json.dumps({**_described(letter), "state": state or None}, ensure_ascii=False))
        else:
            size, reason, when = len(letter.value or b""), " ".join(letter.reason.split()), f"{letter.put_aside:%F %T}"
            print(ROW.format(letter.group, when, letter.position, size, state, reason))
    return 0


async def show(options: argparse.Namespace) -> int:
    """`bilet dlq show` shows one letter whole."""
    for letter in _at(await _letters(installation.servers(options.data), list(GROUPS)), [options.position]):
        headers = {name: _text(content) for name, content in letter.headers}
        print(json.dumps({**_described(letter), "headers": headers, "value": _text(letter.value)}, ensure_ascii=False))
    return 0


async def redrive(options: argparse.Namespace) -> int:
    """`bilet dlq redrive`: 1 where one is refused or waits."""
    settings = installation.servers(options.data, writes=True)
    letters = await _letters(settings, [options.group])
    wanted = _at(letters, options.position) if options.position else letters
    if not wanted:
        print(f"no dead letters of {options.group}")
        return 0
    outcomes = await recovery.redrive(settings, wanted, options.wait)
    for outcome in outcomes:
        print(f"{outcome.letter.position}  {outcome.state}{f': {outcome.reason}' if outcome.reason else ''}")
    return 0 if all(outcome.state == "applied" for outcome in outcomes) else 1


async def skip(options: argparse.Namespace) -> int:
    """`bilet dlq skip` passes a batch that cannot be read."""
    settings = installation.servers(options.data, writes=True)
    try:
        topic, partition, offset = options.position.rsplit(":", 2)
        where, at = TopicPartition(topic, int(partition)), int(offset)
    except ValueError:
        raise CallError(f"{options.position!r} is no position: {POSITION}") from None
    first, next_ = await recovery.skip(settings, options.group, where, at)
    print(f"{options.group} passes the offsets {first} to {next_ - 1} of {topic}:{partition}")
    return 0


async def reread(options: argparse.Namespace) -> int:
    """`bilet dlq reread` lets a group read a topic anew."""
    settings = installation.servers(options.data, writes=True)
    for partition, begin in (await recovery.reread(settings, options.group, options.topic)).items():
        print(f"{options.group} reads {partition.topic}:{partition.partition} from offset {begin}")
    return 0


async def _letters(settings: Settings, groups: Sequence[str]) -> list[DeadLetter]:
    async def read() -> list[DeadLetter]:
        return [letter async for letter in dead_letters(settings, groups)]

    return await within(read(), "Kafka")


def _at(letters: Sequence[DeadLetter], positions: Sequence[str]) -> list[DeadLetter]:
    found = [letter for letter in letters if letter.position in positions]
    missing = [position for position in positions if position not in {letter.position for letter in found}]
    if missing:
        raise CallError(f"No dead letter is from {', '.join(missing)}; `bilet dlq list` gives the positions")
    return found


def _described(letter: DeadLetter) -> Mapping[str, Any]:
    put_aside = letter.put_aside.isoformat()
    return {"group": letter.group, "position": letter.position, "put_aside": put_aside, "reason": letter.reason}


def _text(content: bytes | None) -> str | None:
    """The content as text, else in base64."""
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(content).decode()}"
