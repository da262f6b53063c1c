"""At the door of a venue: who shows a pass is let in, and who does not come is noted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.events import PLACE
from tests.builders.trials import VENUE, present, seat
from tests.drivers.trials import HOST, NAVIGATOR, STRANGER, Trials, problems, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_who_did_not_come_is_told_once_and_may_have_come_after_all(trials: Trials) -> None:
    await trials.enrol("n1", "n2", "n3")
    slot = await trials.slot()
    for id in ("n1", "n2"):
        await trials.must("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR)
    await trials.must("POST", f"/slots/{slot}/attendance", [present("n2")], **HOST)
    said = [{"participant": id, "occurred_at": "2020-10-05T16:00:00+03:00"} for id in ("n1", "n2", "n3", "n1")]
    said += [{"participant": "n1", "occurred_at": "2020-10-05T13:59:00+03:00"}, {"participant": "n1", "source": "list"}]
    path = f"/slots/{slot}/absences"
    early = await trials.must("POST", path, said[4:], role="mentor", org=VENUE)
    assert problems(early) == [("not-started", "/0/occurred_at"), ("bad-input", "/1/source")]
    answer = await trials.must("POST", path, said[:4], role="mentor", org=VENUE)
    assert [item["status"] for item in answer["items"]] == ["missed", "rejected", "rejected", "known"]
    assert problems(answer) == [None, ("already-attended", "/1/participant"), ("not-booked", "/2/participant"), None]
    assert (await trials.ask("POST", path, said[:1], role="venue", org="OTHER")).status == 403
    assert (await trials.ask("POST", "/slots/none/absences", said[:1], **HOST)).status == 404

    async def shown() -> tuple[str | None, str | None]:
        walked = await trials.must("GET", "/participants/n1/path?season=2020", **NAVIGATOR)
        (booking,) = walked["bookings"]
        return booking["missed"], booking["attendance"]

    assert await shown() == ("2020-10-05T16:00:00+03:00", None)
    (there,) = (await trials.must("POST", f"/slots/{slot}/attendance", [present("n1")], **HOST))["items"]
    assert await shown() == (None, there["attendance"])
    told = [("trial.booked", "2020-09-20"), ("attendance.missed", "2020-10-05"), ("trial.attended", "2020-10-05")]
    await trials.know({}, 0, "outbox")
    assert await trials.walked("n1") == told


async def test_a_pass_lets_its_own_booking_in(trials: Trials) -> None:
    await trials.enrol("q1", "q2")
    await trials.link("q1", "mother of q1")
    slot, other = await trials.slot(), await trials.slot(starts_at="2020-10-06T14:00:00+03:00")
    held = (await trials.must("POST", f"/slots/{slot}/bookings", seat("q1"), **NAVIGATOR))["booking"]
    gone = (await trials.must("POST", f"/slots/{slot}/bookings", seat("q2"), **NAVIGATOR))["booking"]
    family = {"role": "guardian", "org": "mother of q1"}
    shown = await trials.must("GET", f"/bookings/{held}/pass", **family)
    assert (shown["booking"], shown["slot"]) == (held, slot)
    assert await trials.must("GET", f"/bookings/{held}/pass", **NAVIGATOR) == shown, "the same wherever it is asked for"
    lost = (await trials.must("GET", f"/bookings/{gone}/pass", **NAVIGATOR))["token"]
    await trials.must("DELETE", f"/bookings/{gone}?occurred_at=2020-10-01T10:00:00Z", **NAVIGATOR)
    refused = await trials.ask("GET", f"/bookings/{gone}/pass", **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "booking-cancelled")
    for id in (held, "absent"):
        assert (await trials.ask("GET", f"/bookings/{id}/pass", role="guardian", org="stranger")).status == 404
    (key,) = (await trials.must("GET", "/pass-keys", **HOST))["keys"]
    assert (key["kty"], key["crv"], "d" in key) == ("OKP", "Ed25519", False)

    said = {"source": "qr", "occurred_at": "2020-10-05T13:10:00+03:00"}
    tokens = [{**said, "token": token} for token in (shown["token"], lost, shown["token"][:-4], shown["token"])]
    answer = await trials.must("POST", f"/slots/{slot}/attendance", [*tokens, said], **HOST)
    assert [item["status"] for item in answer["items"]] == ["attended", "rejected", "rejected", "known", "rejected"]
    assert answer["items"][0]["participant"] == "q1"
    assert problems(answer)[1:3] == [("not-booked", "/1/token"), ("bad-input", "/2/token")]
    elsewhere = await trials.must("POST", f"/slots/{other}/attendance", tokens[:1], **HOST)
    assert problems(elsewhere) == [("bad-input", "/0/token")]


async def test_who_has_no_booking_is_let_in_by_the_own_code_where_there_is_a_seat(trials: Trials) -> None:
    await trials.enrol("d1", "d2", "d3", "late")
    await trials.enrol("young", grade=6)
    await trials.link("d1", "mother of d1")
    slot = await trials.slot(starts_at="2020-10-07T14:00:00+03:00", capacity=2, grades=[7, 11])
    beside = await trials.slot(starts_at="2020-10-07T14:30:00+03:00")
    family = {"role": "guardian", "org": "mother of d1"}
    codes = {id: (await trials.must("GET", f"/participants/{id}/code", **NAVIGATOR))["token"] for id in ("d2", "d3")}
    codes |= {
        id: (await trials.must("GET", f"/participants/{id}/code", **NAVIGATOR))["token"] for id in ("young", "late")
    }
    codes["d1"] = (await trials.must("GET", "/participants/d1/code", **family))["token"]
    assert (await trials.ask("GET", "/participants/d2/code", **family)).status == 404

    def shown(id: str, at: str = "13:30") -> dict[str, str]:
        return {"token": codes[id], "source": "qr", "occurred_at": f"2020-10-07T{at}:00+03:00"}

    path = f"/slots/{slot}/attendance"
    no_code = [{"participant": "d1", "source": "qr", "occurred_at": "2020-10-07T14:10:00+03:00"}]
    assert problems(await trials.must("POST", path, no_code, **HOST)) == [("not-booked", "/0/participant")]
    tried = [
        shown("late", "12:59"),
        shown("late", "15:30"),
        shown("young"),
        shown("d1"),
        shown("d2"),
        shown("d1"),
        shown("d3"),
    ]
    answer = await trials.must("POST", path, tried, role="mentor", org=VENUE)
    assert [item["status"] for item in answer["items"]] == [
        *["rejected"] * 3,
        "attended",
        "attended",
        "known",
        "rejected",
    ]
    assert problems(answer)[:3] == [
        ("not-started", "/0/occurred_at"),
        ("slot-past", "/1/occurred_at"),
        ("grade-outside-slot", "/2/token"),
    ]
    assert problems(answer)[6] == ("slot-full", "/6/token")
    assert await trials.seats(slot) == 2
    elsewhere = await trials.must("POST", f"/slots/{beside}/attendance", [shown("d1", "14:40")], **HOST)
    assert problems(elsewhere) == [("time-conflict", "/0/token")]
    (booking,) = (await trials.must("GET", "/participants/d1/path?season=2020", **family))["bookings"]
    assert (booking["source"], booking["time"]) == ("door", "2020-10-07T13:30:00+03:00")

    there = answer["items"][3]["attendance"]
    await trials.must("POST", f"/attendance/{there}/revocation", {"reason": "не тот"}, **HOST)
    assert await trials.seats(slot) == 1
    (moved,) = (await trials.must("POST", f"/slots/{beside}/attendance", [shown("d1", "14:40")], **HOST))["items"]
    assert moved["status"] == "attended"
    await trials.know({}, 0, "outbox")
    told = [type_ for type_, _ in await trials.walked("d1")]
    again = ["trial.booked", "trial.attended"]
    assert told == [*again, "attendance.revoked", "trial.cancelled", *again]


async def test_a_class_s_own_codes_are_those_of_its_pupils(trials: Trials) -> None:
    await trials.enrol("k1", "k2", school_class="9К", grade=9)
    path = f"/schools/{PLACE['school']}/door-codes?season=2020&class={quote('9К')}"
    codes = (await trials.must("GET", path, **NAVIGATOR))["codes"]
    assert codes == [await trials.must("GET", f"/participants/{id}/code", **NAVIGATOR) for id in ("k1", "k2")]
    assert (await trials.ask("GET", path, **STRANGER)).status == 404
    assert (await trials.ask("GET", path.replace("2020", "2031"), **NAVIGATOR)).status == 404
    assert (await trials.ask("GET", path, **HOST)).status == 403


async def test_at_the_door_nobody_is_seated_twice_at_once(trials: Trials) -> None:
    """Two devices let in as many as there are seats, whichever comes first."""
    pupils = [f"many{n}" for n in range(6)]
    await trials.enrol(*pupils)
    slot = await trials.slot(starts_at="2020-10-08T14:00:00+03:00", capacity=3)
    codes = [(await trials.must("GET", f"/participants/{id}/code", **NAVIGATOR))["token"] for id in pupils]
    said = [[{"token": code, "source": "qr", "occurred_at": "2020-10-08T14:05:00+03:00"}] for code in codes]
    answers = await asyncio.gather(*(trials.must("POST", f"/slots/{slot}/attendance", one, **HOST) for one in said))
    statuses = sorted(answer["items"][0]["status"] for answer in answers)
    assert statuses == ["attended"] * 3 + ["rejected"] * 3
    assert await trials.seats(slot) == 3


async def test_a_sheet_of_scans_comes_later_and_each_is_answered_by_itself(trials: Trials) -> None:
    pupils = ("l1", "l2", "l3", "l4", "walk")
    await trials.enrol(*pupils)
    first = await trials.slot(starts_at="2020-10-12T10:00:00+03:00")
    second = await trials.slot(starts_at="2020-10-12T12:00:00+03:00")
    moved = await trials.slot(starts_at="2020-10-12T15:00:00+03:00")
    passes = {}
    for id, slot in (("l1", first), ("l2", first), ("l3", second), ("l4", moved)):
        booking = (await trials.must("POST", f"/slots/{slot}/bookings", seat(id), **NAVIGATOR))["booking"]
        passes[id] = (await trials.must("GET", f"/bookings/{booking}/pass", **NAVIGATOR))["token"]
        if id == "l2":
            await trials.must("DELETE", f"/bookings/{booking}?occurred_at=2020-10-10T10:00:00Z", **NAVIGATOR)
    code = (await trials.must("GET", "/participants/walk/code", **NAVIGATOR))["token"]
    later = {"starts_at": "2020-10-12T16:00:00+03:00", "occurred_at": "2020-10-12T14:50:00+03:00"}
    await trials.must("POST", f"/slots/{moved}/move", later, **HOST)

    def scan(token: str, at: str, **changed: str) -> dict[str, str]:
        return {"token": token, "occurred_at": f"2020-10-12T{at}:00+03:00", **changed}

    sheet = [
        scan(passes["l1"], "10:20"),
        scan(passes["l1"], "09:55"),
        scan(passes["l2"], "09:56"),
        scan(code, "11:31", slot=first),
        scan(passes["l3"], "12:01", slot=first),
        scan(passes["l4"], "14:40"),
        scan(code, "11:58"),
        scan(code, "11:59", slot=second),
        scan(passes["l1"][:-4], "10:00"),
        {"token": passes["l1"]},
        scan(passes["l3"], "11:59"),
    ]
    answer = await trials.must("POST", "/checkins", sheet, role="mentor", org=VENUE)
    statuses = [item["status"] for item in answer["items"]]
    assert [n for n, status in enumerate(statuses) if status == "attended"] == [1, 7, 10], answer
    assert statuses[0] == "known", "the earlier of two scans counts"
    assert problems(answer)[2:7] == [
        ("booking-cancelled", "/2/token"),
        ("slot-past", "/3/occurred_at"),
        ("bad-input", "/4/token"),
        ("slot-moved", "/5/occurred_at"),
        ("bad-input", "/6/slot"),
    ]
    assert problems(answer)[8:10] == [("bad-input", "/8/token"), ("bad-input", "/9/occurred_at")]
    (attended,) = (await trials.must("GET", "/participants/l1/path?season=2020", **NAVIGATOR))["attendances"]
    assert attended["time"] == "2020-10-12T09:55:00+03:00"

    there = answer["items"][7]["attendance"]
    await trials.must("POST", f"/attendance/{there}/revocation", {"reason": "не тот"}, **HOST)
    again = await trials.must("POST", "/checkins", sheet, **HOST)
    assert [item["status"] for item in again["items"]] == ["known" if s == "attended" else s for s in statuses[:7]] + [
        "rejected",
        "rejected",
        "rejected",
        "known",
    ]
    assert problems(again)[7] == ("attendance-revoked", "/7/token")
    strange = await trials.must("POST", "/checkins", sheet[:1], role="venue", org="OTHER")
    assert problems(strange) == [("not-found", "/0/token")]
    nowhere = await trials.must("POST", "/checkins", [{**sheet[0], "token": code, "slot": "none"}], **HOST)
    assert problems(nowhere) == [("not-found", "/0/slot")]


async def test_a_sheet_of_scans_may_be_a_file(trials: Trials) -> None:
    await trials.enrol("fl1", "fl2")
    slot = await trials.slot(starts_at="2020-10-13T10:00:00+03:00")
    booking = (await trials.must("POST", f"/slots/{slot}/bookings", seat("fl1"), **NAVIGATOR))["booking"]
    shown = (await trials.must("GET", f"/bookings/{booking}/pass", **NAVIGATOR))["token"]
    code = (await trials.must("GET", "/participants/fl2/code", **NAVIGATOR))["token"]
    time = "2020-10-13T09:59:00+03:00"
    lines = ["Код;Слот;Время", f"{shown};;{time}", "", f"{code};{slot};{time}", f"{shown};;вчера", f";{slot};{time}"]
    for expected in ("attended", "known"):
        status, told = await sent_file(trials, "\n".join(lines))
        assert (status, [(one["line"], one["status"]) for one in told["items"]]) == (
            200,
            [(2, expected), (4, expected), (5, "rejected"), (6, "rejected")],
        )
    wrong = [one["problem"]["errors"][0]["pointer"] for one in told["items"][2:]]
    assert wrong == ["/5/occurred_at", "/6/token"]
    for body in ("Код;Слот\na;b", "Код;Время", ""):
        assert (await sent_file(trials, body))[0] == 422
    assert (await sent_file(trials, "\n".join(lines), NAVIGATOR))[0] == 403


async def sent_file(trials: Trials, text: str, by: Mapping[str, str] = HOST) -> tuple[int, Any]:
    """The answer to a file of scans."""
    headers = {**trials.bearer("someone", [by]), "Content-Type": "text/csv"}
    url = f"{trials.base}/trials/checkins/file"
    async with trials.http.post(url, data=text.encode(), headers=headers) as answer:
        return answer.status, await answer.json()


async def test_of_scans_at_two_slots_at_once_the_earlier_counts_whatever_else_the_sheet_has(trials: Trials) -> None:
    await trials.enrol("x1", "y1")
    here = await trials.slot(starts_at="2020-10-13T10:00:00+03:00")
    there = await trials.slot(starts_at="2020-10-13T10:30:00+03:00")
    codes = {id: (await trials.must("GET", f"/participants/{id}/code", **NAVIGATOR))["token"] for id in ("x1", "y1")}

    def scan(id: str, slot: str, at: str) -> dict[str, str]:
        return {"token": codes[id], "slot": slot, "occurred_at": f"2020-10-13T{at}:00+03:00"}

    sheet = [scan("y1", there, "09:50"), scan("x1", there, "10:20"), scan("x1", here, "09:55")]
    answer = await trials.must("POST", "/checkins", sheet, **HOST)
    assert [item["status"] for item in answer["items"]] == ["attended", "rejected", "attended"]
    assert problems(answer)[1] == ("time-conflict", "/1/token")
