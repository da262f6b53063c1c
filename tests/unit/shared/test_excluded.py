"""What is left to a caller who was put out of organisations, and how a refusal tells it from one of a scope."""

import pytest

from shared.base.errors import Excluded, Forbidden
from shared.http.authorisation import Anyone, SchoolStaff
from shared.http.exclusions import KnownExclusions
from shared.http.routes import router_of
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.drivers.asking import Asked

HERE, THERE = Grant("navigator", "ROS-001-S01"), Grant("navigator", "ROS-001-S02", frozenset({"7А"}))
HOST = Grant("mentor", "ROS-001-V01")
PLACE = ("RU-ROS", "ROS-001")


def caller(*grants: Grant) -> Principal:
    return Principal("", "teacher", grants)


def test_a_grant_that_was_lost_reaches_nothing_and_says_so() -> None:
    who = caller(HERE, THERE).without([HERE])
    assert who.scope.covers(*PLACE, "ROS-001-S02")
    assert not who.scope.covers(*PLACE, "ROS-001-S01")
    with pytest.raises(Excluded, match="put out of ROS-001-S01"):
        who.scope.must_cover(*PLACE, "ROS-001-S01")
    with pytest.raises(Forbidden) as elsewhere:
        who.scope.must_cover(*PLACE, "ROS-001-S03")
    assert elsewhere.value.type == "forbidden"
    with pytest.raises(Forbidden) as other_class:
        who.scope.must_cover(*PLACE, "ROS-001-S02", school_class="7Б")
    assert other_class.value.type == "forbidden"


def test_a_route_s_roles_are_asked_of_what_was_lost_too() -> None:
    who = caller(HERE, HOST).without([HERE])
    assert who.limited_to("navigator", "mentor").grants == (HOST,)
    with pytest.raises(Excluded):
        who.limited_to("navigator")
    with pytest.raises(Forbidden) as never_had:
        who.limited_to("pupil")
    assert never_had.value.type == "forbidden"


def test_who_was_put_out_twice_has_lost_both() -> None:
    who = caller(HERE, THERE, HOST).without([HERE]).without([THERE])
    assert (who.grants, set(who.excluded)) == ((HOST,), {HERE, THERE})


async def test_without_a_copy_nobody_is_out() -> None:
    known = KnownExclusions(None)
    await known.look()
    assert await known.admitted(caller(HERE)) == caller(HERE)
    assert known.waiting is None


async def test_every_one_who_was_answered_is_seen_with_the_grants_of_the_route() -> None:
    router = router_of("test")

    @router.get("/staff")
    async def for_staff(who: SchoolStaff) -> None:
        """For staff."""

    @router.get("/broken")
    async def refused(who: Anyone) -> None:
        """For nobody."""
        raise Forbidden("nobody")

    asked, seen = Asked([router]), list[Principal]()
    asked.app.state.witness = seen.append
    assert (await asked.ask("GET", "/test/staff", headers={"authorization": None})).status == 401
    assert (await asked.ask("GET", "/test/broken")).status == 403
    assert seen == []
    assert (await asked.ask("GET", "/test/staff")).status == 200
    assert [who.grants for who in seen] == [(Grant("national-operator", "RU"),)]
