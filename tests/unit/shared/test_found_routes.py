"""The route of a path is found as Starlette finds it."""

from fastapi.routing import APIRoute
from hypothesis import example, given
from hypothesis import strategies as st

from shared.http.routes import router_of

router = router_of("trials")


def nothing() -> None:
    """Answers nothing."""


for path in ("/slots", "/slots/{id}", "/slots/{id}/bookings", "/slots/batch", "/slots/{id}/{kind}", "/slots/{id}.png"):
    router.add_api_route(path, nothing, methods=["GET"])


@given(
    st.lists(st.sampled_from(["", "trials", "slots", "batch", "bookings", "a.png", "%2F", "слот", "\n"]), max_size=6),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["", "/root"]),
)
@example(["trials", "slots", "1", "bookings"], "GET", "")
@example(["root", "trials", "slots", "1.png"], "GET", "/root")
def test_a_route_matches_as_that_of_the_framework(parts: list[str], method: str, root: str) -> None:
    scope = {"type": "http", "path": "/" + "/".join(parts), "method": method, "root_path": root}
    for route in router.routes:
        assert isinstance(route, APIRoute)
        assert route.matches(scope) == APIRoute.matches(route, scope)
