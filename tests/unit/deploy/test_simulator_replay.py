"""A season with corrections that is played once more sends only what an earlier play has left to do."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deploy.simulator.acts import Amendment, AtSlot, Define, Enrol, Publish, Sit, Step
from deploy.simulator.calls import Commands, Ledger
from deploy.simulator.catalogue import DIAGNOSTICS
from deploy.simulator.command import Command, PlayError
from deploy.simulator.folder import load
from deploy.simulator.instruments import EARLIER, instruments
from deploy.simulator.plan import Plan, plan
from deploy.simulator.simulation import INSTRUMENTS

SCENARIOS = Path(__file__).parents[3] / "deploy" / "scenarios"


@pytest.fixture(scope="module")
def season() -> Plan:
    scenario = load(SCENARIOS / "season-with-corrections").scaled(0.1)
    return plan(scenario, instruments(scenario.diagnostics, INSTRUMENTS), Random(1), date(2026, 1, 1))


def commands_of(season: Plan) -> Commands:
    scenario = season.scenario
    return Commands(scenario, instruments(scenario.diagnostics, INSTRUMENTS), 1, Ledger())


def line(entry: Mapping[str, Any], slug: str = "") -> dict[str, Any]:
    ref = entry["external_ref"]
    if slug:
        return {"external_ref": ref, "status": "rejected", "problem": {"type": slug}}
    return {"external_ref": ref, "participant": f"p-{ref}", "guardian": f"g-{ref}", "status": "known"}


def play(season: Plan, commands: Commands, refused: Mapping[str, str]) -> Iterator[tuple[Step, Command | None]]:
    """The commands, where lines of these keys are refused and slots are as they were."""
    for step in season.steps:
        command = commands.of(step)
        if command is not None and isinstance(step.act, Enrol):
            entries = command.body["pupils"]
            commands.learn(step, [line(entry, refused.get(entry["external_ref"], "")) for entry in entries])
        elif isinstance(step.act, Publish):
            commands.learn(step, [{"ref": slot.ref, "slot": slot.ref} for slot in step.act.slots])
        elif isinstance(step.act, Amendment) and step.act.kind == "ask" and command is not None:
            commands.learn(step, [{"transfer": "t"}])
        elif isinstance(step.act, AtSlot) and step.act.kind in ("attend", "mistake") and command is not None:
            commands.learn(step, [{**one, "attendance": f"a-{one['participant']}"} for one in command.body])
        yield step, command


def test_at_first_every_step_is_sent(season: Plan) -> None:
    done = [
        command for step, command in play(season, commands_of(season), {}) if getattr(step.act, "kind", "") != "link"
    ]
    assert all(done)


def test_whom_an_earlier_play_has_erased_is_in_no_command(season: Plan) -> None:
    commands = commands_of(season)
    erased = season.amended("erase")
    assert len(erased) == 12
    commands.ledger.gone = frozenset(erased[:5])
    sent = list(play(season, commands, {}))
    assert not commands.ledger.gone & commands.ledger.participants.keys()
    keys = {p.external_ref for c in season.classes for p in c.pupils if p.number in commands.ledger.gone}
    assert len(keys) == 5
    assert not any(key in str(command.body) for _, command in sent if command is not None for key in keys)
    acts = [step.act for step, command in sent if command is not None and isinstance(step.act, Amendment)]
    assert [act.pupil.number for act in acts if act.kind == "erase"] == erased[5:]


def test_of_whom_was_archived_nothing_more_is_sent(season: Plan) -> None:
    acts = [step.act for step in season.steps if isinstance(step.act, Amendment)]
    archived = {act.pupil.number for act in acts if act.kind == "archive"}
    rosters = [step.act.school_class.pupils for step in season.steps if isinstance(step.act, Enrol)]
    refused = {p.external_ref: "participant-archived" for them in rosters for p in them if p.number in archived}
    commands = commands_of(season)
    for step, command in play(season, commands, refused):
        if isinstance(step.act, Sit | AtSlot) and command is not None:
            assert not {f"p-{ref}" for ref in refused} & set(str(command.body).split("'"))
        if isinstance(step.act, Amendment) and step.act.kind == "archive":
            assert command is None


def test_what_an_earlier_play_has_revoked_is_not_recorded_again(season: Plan) -> None:
    commands, revoked = commands_of(season), season.revoked[:3]
    commands.ledger.revoked = frozenset(revoked)
    sent = list(play(season, commands, {}))
    acts = [(step.act, command) for step, command in sent if isinstance(step.act, AtSlot) and command is not None]
    assert [act.pupils[0].number for act, _ in acts if act.kind == "revoke"] == season.revoked[3:]
    present = [one["participant"] for act, command in acts if act.kind == "mistake" for one in command.body]
    ids = commands.ledger.participants
    assert sorted(present) == sorted(ids[number] for number in season.revoked[3:])


def test_who_has_come_from_another_school_is_not_moved_again(season: Plan) -> None:
    elsewhere = {
        pupil.external_ref: "pupil-left"
        for step in season.steps
        if isinstance(step.act, Enrol)
        for pupil in step.act.school_class.pupils
        if pupil.school != step.act.school_class.school or pupil.external_ref not in own_keys(season)
    }
    commands, skipped = commands_of(season), set()
    for step, command in play(season, commands, elsewhere):
        if command is None and isinstance(step.act, Amendment):
            skipped.add(step.act.kind)
    assert {"move", "ask", "confirm", "merge"} <= skipped


def own_keys(season: Plan) -> set[str]:
    return {pupil.external_ref for c in season.classes for pupil in c.pupils}


def test_a_line_that_lacks_an_id_without_a_reason_ends_the_play(season: Plan) -> None:
    commands = commands_of(season)
    step = next(step for step in season.steps if isinstance(step.act, Enrol))
    command = commands.of(step)
    assert command is not None
    answers = [line(entry, "key-taken") for entry in command.body["pupils"]]
    with pytest.raises(PlayError, match="the answer lacks 'participant'"):
        commands.learn(step, answers)


def test_answers_to_a_diagnostic_stay_the_same_when_others_are_left_out(season: Plan) -> None:
    step = next(s for s in season.steps if isinstance(s.act, Sit) and len(s.act.pupils) > 3)
    assert isinstance(step.act, Sit)
    numbers = [pupil.number for pupil in step.act.pupils]
    commands = commands_of(season)
    every, some = ({n: str(n) for n in numbers}, {n: str(n) for n in numbers[2:]})
    whole, rest = (replace(commands, ledger=Ledger(participants=known)).of(step) for known in (every, some))
    assert whole is not None
    assert rest is not None
    assert rest.body["attempts"] == whole.body["attempts"][2:]


def test_an_instrument_that_an_earlier_release_has_used_is_answered_as_then(season: Plan) -> None:
    commands, problem = commands_of(season), {"problem": {"type": "instrument-in-use"}}
    shipped = dict(commands.instruments)
    for step in season.steps:
        if isinstance(step.act, Define) and step.act.route == DIAGNOSTICS:
            command = commands.of(step)
            assert command is not None
            assert command.done == {"instrument-in-use"}
            commands.learn(step, [problem if step.act.code == "readiness" else {"code": step.act.code}])
    assert commands.instruments == {**shipped, **instruments(["readiness"], EARLIER)}
    assert commands.instruments["readiness"] != shipped["readiness"]
