"""The outcome of a play, as tables for people and as a document for scripts."""

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
    figures = Table(
        "figure", "expected", "computed from the events", "expected figure is", "", title="Figures", caption=SOURCES
    )
    for check in result.checks:
        mark = "[green]right[/]" if check.right else "[bold red]DIFFERS[/]"
        figures.add_row(check.figure, check.expected, check.computed, check.source, mark)
    requests = Table("request", "role", "number", title="Requests")
    requests.columns[2].justify = "right"
    for (route, role), number in sorted(result.traffic.requests.items()):
        requests.add_row(route, role, f"{number:,}")
    requests.add_row("all", "", f"{result.traffic.requests.total():,}")
    console.print(figures, requests, *_speed(result), sep="\n")


def summary(result: Result) -> dict[str, Any]:
    """Every figure, and what the play took."""
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


def _speed(result: Result) -> list[str]:
    traffic, fresh, seconds = result.traffic, result.freshness, result.play_seconds
    events, requests = sum(result.events.values()), traffic.requests.total()
    retries = ", ".join(f"{reason}: {n}" for reason, n in traffic.retries.most_common()) or "none"
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
