"""Attempts are decided one after the other: each sees those before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.trials.domain.catalogue.diagnostics import Attempt, AttemptCommand, attempt_key
from services.trials.domain.catalogue.instruments import Instrument
from services.trials.domain.path import steps
from services.trials.domain.path.caller import Caller, Taken, must_take_part
from services.trials.domain.path.gates import Gates
from services.trials.domain.path.paths import Path
from services.trials.domain.path.states import States
from services.trials.domain.testing.drafts import Draft, draft_keys, joined_draft
from services.trials.domain.testing.repeats import Sitting, Tally
from shared.base.errors import Conflict
from shared.identity.exceptions import may_except
from shared.storage.decision import Done, NewId

OFTEN_ENOUGH = "the pupil has taken the diagnostic often enough"


@dataclass(slots=True)
class AttemptBatch:
    """The states that attempts are decided upon."""

    states: States
    instruments: Mapping[str, Instrument]
    known: dict[str, Attempt]
    """By natural key."""
    drafts: dict[str, Draft]
    """By natural key; those of what was completed are taken out."""
    gates: Gates
    new_id: NewId
    tally: Tally = field(default_factory=Tally)
    """The attempts that were taken before, and those of the batch."""
    added: list[Attempt] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    """The keys of the drafts that were completed."""

    @property
    def newly_used(self) -> set[str]:
        """The codes of the instruments that had not been used before."""
        return {attempt.diagnostic for attempt in self.added if not self.instruments[attempt.diagnostic].used}

    def take(self, command: AttemptCommand, caller: Caller) -> Done[Taken[Attempt]]:
        """Scores an attempt and takes the step on the pupil's path; the same ref again is the same attempt."""
        pupil = caller.pupil(command.participant)
        season, instrument = self.states.asked(command.season, command.diagnostic, self.instruments)
        instrument.must_have(command.version)
        answers = instrument.encode(command.answers, command.version)
        path = self.states.paths.of(pupil.id, season.id)
        known = self._known(path, command, answers)
        if known is not None:
            return Done(Taken(known, pupil.id), new=False)
        season.must_be_open("season")
        time = caller.time(pupil, command.occurred_at)
        round = season.round_of(time)
        if not path.may_attempt(command.diagnostic, round):
            raise Conflict.about("participant", OFTEN_ENOUGH, "too-many-attempts")
        may_except(command.exception, caller.who, pupil.region, pupil.municipality)
        if command.exception is None:
            season.must_take("diagnostics", time, "occurred_at" if command.occurred_at else "season")
        must_take_part(pupil, season, time, time, caller.now)
        self.tally.must_allow(season, self.states.entries[pupil.id], command.diagnostic, round)
        drafts = self._drafts(pupil.id, command)
        if (draft := joined_draft(drafts)) is not None:
            draft.must_admit(instrument, command.answers, time)
        attempt = Attempt(
            path=path.id,
            ref=command.ref,
            id=self.new_id(),
            diagnostic=command.diagnostic,
            answers=answers,
            profile=instrument.score(answers),
            time=time,
            by=caller.by,
            version=command.version,
            round=round,
        )
        self.gates.profiles.add(attempt)
        completed = steps.complete(path, pupil, attempt, self.gates.of(season.id))
        self.states.paths.take(steps.as_exception(completed, command.exception), caller.by)
        self._keep(attempt, drafts)
        return Done(Taken(attempt, pupil.id), new=True)

    def _known(self, path: Path, command: AttemptCommand, answers: bytes) -> Attempt | None:
        """Returns the attempt that was taken under the ref; two entries may have used it, each for one of its own."""
        named = [self.known[key] for key in path.keys_of(command.ref) if key in self.known]
        same = (known for known in named if (known.diagnostic, known.answers) == (command.diagnostic, answers))
        found = next(same, None)
        if named and found is None:
            raise Conflict.about("ref", "this ref names another attempt of the pupil", "ref-reused")
        return found

    def _keep(self, attempt: Attempt, drafts: Sequence[Draft]) -> None:
        self.known[attempt_key(attempt.path, attempt.ref)] = attempt
        self.added.append(attempt)
        self.tally.attempts[Sitting(attempt.path, attempt.diagnostic, attempt.round)] += 1
        for draft in drafts:
            del self.drafts[draft.key]
            self.finished.append(draft.key)

    def _drafts(self, pupil: str, command: AttemptCommand) -> list[Draft]:
        keys = draft_keys(self.states.entries[pupil], command.season, command.diagnostic)
        return [self.drafts[key] for key in keys if key in self.drafts]
