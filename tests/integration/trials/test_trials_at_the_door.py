"""At the door of a venue: who shows a pass is let in, and who does not come is noted."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.trials import VENUE, present, seat
from tests.drivers.trials import HOST, NAVIGATOR, Trials, problems, trials_service


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
