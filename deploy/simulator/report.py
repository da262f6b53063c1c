"""What a play showed, as tables for people."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.simulator.simulation import Result

SOURCES = "reported: published of that season; filler: made up to agree with what was"


def print_report(result: Result, console: Console) -> None:
    """The computed figures beside the scenario's, then the traffic, the rates and the freshness."""
    if result.scenario.scale != 1:
        scale = f"{result.scenario.scale:g}"
        console.print(f"The scenario is scaled by {scale}: expected figures are recomputed, none is a reported fact.")
    console.print(_figures(result), _requests(result), *_speed(result), sep="\n")


def summary(result: Result) -> dict[str, Any]:
    """The same for a script: every figure, and what the play took."""
    return {
        "region": result.scenario.region,
        "season": result.scenario.season,
        "right": result.right,
        "figures": [asdict(check) | {"right": check.right} for check in result.checks],
        "requests": result.traffic.requests.total(),
        "commands": result.traffic.commands,
        "retries": dict(result.traffic.retries),
        "events": dict(result.events),
        "play_seconds": result.play_seconds,
        "figures_seconds": result.figures_seconds,
        "freshness": asdict(result.freshness),
    }


def _figures(result: Result) -> Table:
    columns = ("figure", "expected", "computed from the events", "expected figure is", "")
    table = Table(*columns, title="Figures", caption=SOURCES)
    for check in result.checks:
        mark = "[green]right[/]" if check.right else "[bold red]DIFFERS[/]"
        table.add_row(check.figure, check.expected, check.computed, check.source, mark)
    return table


def _requests(result: Result) -> Table:
    table = Table("request", "role", "number", title="Requests")
    table.columns[2].justify = "right"
    for (route, role), number in sorted(result.traffic.requests.items()):
        table.add_row(route, role, f"{number:,}")
    table.add_row("all", "", f"{result.traffic.requests.total():,}")
    return table


def _speed(result: Result) -> list[str]:
    traffic, fresh, seconds = result.traffic, result.freshness, result.play_seconds
    events = sum(result.events.values())
    retries = ", ".join(f"{reason}: {n}" for reason, n in traffic.retries.most_common()) or "none"
    requests = traffic.requests.total()
    return [
        f"{requests:,} requests: {requests / seconds:,.0f}/s",
        f"{traffic.commands:,} commands (entries of batches) in {seconds:.1f} s: {traffic.commands / seconds:,.0f}/s; "
        f"{events:,} events: {events / seconds:,.0f}/s; every figure right after {result.figures_seconds:.1f} s"
        if result.right
        else f"{events:,} events visible after {seconds:.1f} s; figures differ after {result.figures_seconds:.1f} s",
        f"Retries: {retries}",
        f"Most events on their way at once: {result.backlog_peak:,}",
        f"Freshness of {fresh.events:,} events, from recorded to the first answer that held them: "
        f"p50 {fresh.p50:.3f} s, p99 {fresh.p99:.3f} s, longest {fresh.longest:.3f} s",
    ]
