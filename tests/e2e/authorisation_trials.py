"""Valid requests of the rows of trials."""

from collections.abc import Mapping
from typing import Any

from tests.e2e import authorisation_payments
from tests.e2e.authorisation_calendar import DAYS
from tests.e2e.authorisation_quotas import quotas
from tests.e2e.authorisation_request import Request, Requests
from tests.e2e.authorisation_scene import RULES, Scene
from tests.e2e.season import INSTRUMENT
from tests.e2e.season import RULES as USUAL


def requests(scene: Scene) -> Requests:
    """By row."""
    paid, held = authorisation_payments.requests(scene), quotas(scene.here)
    return {**_play(scene), **_catalogue(scene), **_links(scene), **_advice(scene), **held, **paid}


def _advice(scene: Scene) -> Requests:
    season, region = (f"/trials/seasons/{scene.here.season}/advice", f"/trials/regions/{scene.here.region}/education")
    because = {"ru": "потому что это было на пробе", "en": "because you tried it"}
    ground = {"code": "tried", "kind": "tried", "points": 1, "because": because}
    return {
        "PUT /trials/seasons/{season}/advice": Request(season, {"grounds": [ground]}, '"grounds"'),
        "GET /trials/seasons/{season}/advice": Request(season),
        "PUT /trials/regions/{region}/education": Request(region, {"programmes": []}, '"programmes"'),
        "GET /trials/regions/{region}/education": Request(region),
    }


def _registry(scene: Scene, venue: Mapping[str, Any]) -> Requests:
    here, path, other = scene.here, "/trials/venues/{code}/applications", scene.application[0]
    below = f"/trials/venues/{here.venue}/applications"
    ended = Request(f"/trials/venues/{other}/applications/{here.season}/withdrawal", {"reason": "Ремонт"}, "withdrawn")
    return {
        f"POST {path}": Request(below, venue, '"approved"'),
        f"GET {path}": Request(below, sign='"approved"'),
        f"POST {path}/{{season}}/decision": Request(f"{below}/{here.season}/decision", {"approved": True}, '"history"'),
        f"POST {path}/{{season}}/withdrawal": ended,
        "GET /trials/applications": Request(f"/trials/applications?region={here.region}", sign=other),
    }


def _links(scene: Scene) -> Requests:
    slots, bookings = "/trials/slots", "/trials/bookings"
    return {
        f"GET {slots}/{{id}}/link": Request(f"{slots}/{scene.slots['left']}/link", sign=scene.address),
        f"GET {bookings}/{{id}}/link": Request(f"{bookings}/{scene.booking}/link", sign=scene.address),
    }


def _play(scene: Scene) -> Requests:
    own, season, slots = scene.pupils["own"].id, scene.here.season, scene.slots
    attempt = {"participant": own, "season": season, "diagnostic": "e2e", "answers": {"q1": "yes", "q2": "no"}}
    many, present = {"attempts": [{"ref": "many", **attempt}]}, [{"participant": own, "source": "list"}]
    below, of = f"/trials/participants/{own}", "GET /trials/participants/{participant}"
    revocation = f"/trials/attendance/{scene.attendance}/revocation"
    scan = {"token": scene.code, "slot": slots["held"], "occurred_at": "2020-10-05T15:00:00+03:00"}
    sheet = f"Код;Слот;Время\n{scene.code};{slots['held']};{scan['occurred_at']}".encode()
    in_slot, slot = "POST /trials/slots/{id}", "/trials/slots"
    wide, of_class = {"season": season, "slots": [slots["wide"]]}, {"school": scene.here.school, "class": "7Б"}
    return {
        "POST /trials/attempts": Request("/trials/attempts", {"ref": "one", **attempt}, "profile"),
        "POST /trials/attempts/batch": Request("/trials/attempts/batch", many, "profile"),
        f"{in_slot}/bookings": Request(f"{slot}/{slots['free']}/bookings", {"participant": own}, '"booking"'),
        f"{in_slot}/bookings/batch": Request(
            f"{slot}/{slots['wide']}/bookings/batch", {"participants": [own]}, '"booking"'
        ),
        "DELETE /trials/bookings/{id}": Request(f"/trials/bookings/{scene.booking}", sign=slots["left"]),
        "POST /trials/placements pupils": Request("/trials/placements", {"participants": [own], **wide}, '"booking"'),
        "POST /trials/placements class": Request("/trials/placements", {**of_class, **wide}, '"booking"'),
        f"{in_slot}/attendance": Request(f"{slot}/{slots['held']}/attendance", present, '"attendance"'),
        "GET /trials/bookings/{id}/pass": Request(f"/trials/bookings/{scene.kept}/pass", sign=slots["near"]),
        f"{of}/code": Request(f"{below}/code", sign='"token"'),
        "POST /trials/checkins/file": Request(
            "/trials/checkins/file", sheet, '"attendance"', media_type="text/csv", tells=(own,)
        ),
        "POST /trials/checkins": Request("/trials/checkins", [scan], '"attendance"', tells=(own,)),
        "GET /trials/pass-keys": Request("/trials/pass-keys"),
        f"{in_slot}/absences": Request(f"{slot}/{slots['missed']}/absences", [{"participant": own}], '"booking"'),
        **_said(scene),
        "POST /trials/attendance/{id}/revocation": Request(revocation, {"reason": "Ошибка"}, slots["over"]),
        **_drafts(f"/trials/participants/{own}/drafts/e2e?season={season}"),
        "POST /trials/participants/{participant}/repeats": Request(
            f"{below}/repeats", {"season": season, "diagnostic": "e2e", "reason": "technical"}, '"round"'
        ),
        **_needs(scene, own),
        **_line(scene, own),
        f"{of}/suggestions": Request(f"{below}/suggestions?season={season}", sign=own),
        "POST /trials/lessons": Request("/trials/lessons", {**scene.held_lesson, "ref": "second"}, '"attendance"'),
        "POST /trials/lessons/{id}/revocation": Request(
            f"/trials/lessons/{scene.lesson}/revocation", {"reason": "Ошибка"}, '"lesson"'
        ),
        f"{of}/path": Request(f"{below}/path?season={season}", sign=scene.booking),
        f"{of}/bookings": Request(f"{below}/bookings?season={season}", sign=scene.booking),
    }


def _said(scene: Scene) -> Requests:
    """Of an attendance, by the mentor and the pupil."""
    attendance, over = f"/trials/attendance/{scene.attendance}", scene.slots["over"]
    return {
        "PUT /trials/attendance/{id}/feedback": Request(f"{attendance}/feedback", {"marks": {"care": 5}}, '"revision"'),
        "PUT /trials/attendance/{id}/review": Request(f"{attendance}/review", {"stars": 4}, '"revision"'),
        "GET /trials/attendance/{id}/review": Request(f"{attendance}/review", sign='"revision"'),
        "GET /trials/reviews": Request(f"/trials/reviews?season={scene.here.season}", sign=scene.here.venue),
        "GET /trials/slots/{id}/reviews": Request(f"/trials/slots/{over}/reviews", sign='"givers"'),
    }


def _line(scene: Scene, own: str) -> Requests:
    """Of the slot in whose line the pupil is, and of a booking that needs no confirmation; each may ask again."""
    full, below = f"/trials/slots/{scene.slots['full']}/waiting", "/trials/participants"
    return {
        "POST /trials/slots/{id}/waiting": Request(full, {"participant": own}, '"place"'),
        "DELETE /trials/slots/{id}/waiting/{participant}": Request(f"{full}/{own}", sign='"left"'),
        f"GET {below}/{{participant}}/waiting": Request(
            f"{below}/{own}/waiting?season={scene.here.season}", sign=scene.slots["full"]
        ),
        "POST /trials/bookings/{id}/confirmation": Request(
            f"/trials/bookings/{scene.kept}/confirmation", sign='"confirmed"'
        ),
    }


def _needs(scene: Scene, own: str) -> Requests:
    row, needs = "/trials/participants/{participant}/needs", f"/trials/participants/{own}/needs"
    signed = {"needs": ["large-print"], "template": "0" * 64, "register_number": "7"}
    near = f"/trials/slots/{scene.slots['near']}/needs"
    trip = f"/trials/schools/{scene.here.school}/trips/{scene.here.venue}/{DAYS['near']}"
    return {
        "GET /trials/schools/{school}/trips/{venue}/{day}/needs": Request(f"{trip}/needs?class=7А", sign='"needs"'),
        "GET /trials/schools/{school}/door-codes": Request(
            f"/trials/schools/{scene.here.school}/door-codes?season={scene.here.season}&class=7А", sign=own
        ),
        f"PUT {row}": Request(needs, signed, own),
        f"GET {row}": Request(needs, sign=own),
        f"DELETE {row}": Request(needs, sign="taken-back"),
        "GET /trials/slots/{id}/needs": Request(near, sign=scene.slots["near"]),
    }


def _drafts(draft: str) -> Requests:
    row, sign = "/trials/participants/{participant}/drafts/{diagnostic}", '"begun_at"'
    return {
        f"PUT {row}": Request(draft, {"answers": {"q1": "yes"}}, sign),
        f"GET {row}": Request(draft, sign=sign),
        f"DELETE {row}": Request(draft, sign='"given-up"'),
    }


def _catalogue(scene: Scene) -> Requests:
    here = scene.here
    venue = {"organisation": here.venue, "name": "Колледж", "registry": "regional", "season": here.season}
    timetable, slot = {"venue": here.venue, "season": here.season}, scene.offer("offered", "2050-11-05")
    entries: Mapping[str, tuple[str, str, Any]] = {
        "seasons": ("season", here.season, {**USUAL, **RULES}),
        "diagnostics": ("code", "e2e", INSTRUMENT),
        "competencies": ("code", scene.competency, {"name": "Проба"}),
        "programmes": ("code", scene.competency, scene.programme),
        "venues": ("code", here.venue, venue),
    }
    found = {
        "POST /trials/seasons/{season}/closing": Request(f"/trials/seasons/{scene.over}/closing", {}, '"closed_at"'),
        "PUT /trials/seasons/{season}/revisions/{revision}": Request(
            f"/trials/seasons/{scene.over}/revisions/1", {"reason": "Сверка со школами"}, '"revisions":[{'
        ),
        **_registry(scene, venue),
        "PUT /trials/seasons/{season}/terms/{since}": Request(
            f"/trials/seasons/{here.season}/terms/2050-01-01", {"texts": {"booking": {"ru": "Правила"}}}, '"versions"'
        ),
        "GET /trials/seasons/{season}/terms": Request(f"/trials/seasons/{here.season}/terms"),
        "POST /trials/slots": Request("/trials/slots", {**timetable, **slot}, '"slot"'),
        "POST /trials/slots/batch": Request("/trials/slots/batch", {**timetable, "slots": [slot]}, '"slot"'),
        "POST /trials/venues/{venue}/timetables": Request(
            f"/trials/venues/{here.venue}/timetables", _rule(scene), "ref"
        ),
        **_changes(scene),
        "GET /trials/pictures/{code}": Request("/trials/pictures/heart"),
        "GET /trials/losses": Request("/trials/losses"),
        "GET /trials/slots": Request(f"/trials/slots?season={here.season}"),
        "GET /trials/slots/{id}": Request(f"/trials/slots/{scene.slots['free']}"),
    }
    for kind, (name, code, body) in entries.items():
        one = f"/trials/{kind}/{code}"
        found |= {
            f"PUT /trials/{kind}/{{{name}}}": Request(one, body),
            f"GET /trials/{kind}": Request(f"/trials/{kind}"),
        }
        found[f"GET /trials/{kind}/{{code}}"] = Request(one)
    return found


def _rule(scene: Scene) -> Mapping[str, Any]:
    offer = {name: value for name, value in scene.offer("ruled", "2050-11-07").items() if name != "starts_at"}
    days = {"first": "2050-11-07", "last": "2050-11-07", "weekdays": ["mon"], "hours": ["10:00"]}
    return {**offer, **days, "season": scene.here.season}


def _changes(scene: Scene) -> Requests:
    """Of a timetable; each caller asks for the same."""
    here, in_slot = scene.here, "POST /trials/slots/{id}"
    moved, off = (f"/trials/slots/{scene.slots[ref]}" for ref in ("moved", "off"))
    frost = {"day": "2050-10-09", "reason": "frost"}
    places = {"venue": here.venue, "municipality": here.municipality, "region": here.region}
    return {
        f"{in_slot}/move": Request(f"{moved}/move", {"starts_at": "2050-10-08T16:00:00+03:00"}, '"slot"'),
        f"{in_slot}/seats": Request(f"{moved}/seats", {"capacity": 9}, '"slot"'),
        f"{in_slot}/closing": Request(f"{off}/closing", {"reason": "frost"}, '"slot"'),
    } | {
        f"POST /trials/closings {kind}": Request("/trials/closings", {**frost, kind: code}, '"slots"')
        for kind, code in places.items()
    }
