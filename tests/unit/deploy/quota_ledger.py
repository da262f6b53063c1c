"""The ledger of a season's quotas, counted anew: nobody gives what is not free, and only what is the own."""

from collections import Counter
from dataclasses import dataclass, field

from deploy.simulator.acts import AtSlot, Define, Step

NATION = ("RU",)


@dataclass
class QuotaLedger:
    """Values of holders and what schools have booked, by the codes of a holder."""

    region: str
    value: Counter[tuple[str, ...]] = field(default_factory=Counter)
    booked: Counter[tuple[str, ...]] = field(default_factory=Counter)
    refs: set[str] = field(default_factory=set)

    def enter(self, step: Step) -> Counter[str]:
        """The event of an entry."""
        assert isinstance(step.act, Define)
        body, by = step.act.body, step.actor.subject
        if "value" in body:
            assert by == "national-operator:RU"
            assert not self.value, "a play that is repeated would set the first of two numbers again"
            self.value[NATION] = body["value"]
            return Counter({"quota.set.v1": 1})
        below, amount = (body["organisation"], *([body["venue"]] if "venue" in body else [])), body["amount"]
        above = self._above(below)
        roles: dict[tuple[str, ...], str] = {NATION: "national-operator", (self.region,): "regional-operator"}
        assert by == f"{roles.get(above, 'municipal-operator')}:{above[0]}"
        assert body["ref"] not in self.refs
        self.refs.add(body["ref"])
        source = above if amount > 0 else below
        assert self.value[source] - self.booked[source] >= abs(amount), "only what is free moves"
        self.value[above] -= amount
        self.value[below] += amount
        return Counter({"quota.moved.v1": 1})

    def count(self, act: AtSlot, units: int) -> None:
        """Units that an act reserves, or below zero returns."""
        for pupil in act.pupils:
            self.booked[pupil.school.code, act.slot.venue.code] += units

    def _above(self, holder: tuple[str, ...]) -> tuple[str, ...]:
        if len(holder) == 2:
            return (holder[0].rpartition("-S")[0],)
        return NATION if holder == (self.region,) else (self.region,)
