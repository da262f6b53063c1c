"""Cabinets are closed, and codes are issued anew, revoked and over: what was leaked opens nothing."""

from datetime import timedelta

import pytest

from services.registration.codes import CODE_LIFE
from services.registration.domain.cabinets import MOST_CODES, SELF
from services.registration.domain.links import LinkBatch, link_account, link_guardian, unlink
from services.registration.domain.participants import Participant
from shared.base.errors import Conflict, NotFound
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.events import at
from tests.builders.registration import CODES, NOW, entered, pupil
from tests.drivers.told import events

MOTHER, STRANGER = (Principal("s", account, (Grant("guardian"), Grant("pupil"))) for account in ("mother", "stranger"))


def participant() -> Participant:
    return entered(pupil()).decisions[0].state


def linked() -> Participant:
    state = participant()
    return link_account(link_guardian(state, state.guardians[0], "stranger", NOW).state, "child", NOW).state


@pytest.mark.parametrize("own", [False, True])
def test_a_cabinet_is_closed_once_and_its_code_is_another(own: bool) -> None:
    state = linked()
    guardian = None if own else state.guardians[0]
    old = state.code_text(CODES, guardian)
    closed = unlink(state, guardian, "staff", NOW)
    assert events(closed) == ["account.unlinked.v1" if own else "guardian.unlinked.v1"]
    assert unlink(closed.state, guardian, "staff", NOW).happened == ()
    after = closed.state.with_codes(CODES, NOW, NOW + CODE_LIFE)
    assert after.code_shown(CODES, guardian, NOW) == after.code_text(CODES, guardian) != old
    batch = LinkBatch([after], {})
    with pytest.raises(NotFound, match="no such code"):
        batch.redeem(CODES.digest(old), STRANGER, NOW, None)
    assert batch.redeem(CODES.digest(after.code_text(CODES, guardian)), MOTHER, NOW, None).new


def test_a_code_that_is_issued_anew_makes_all_before_it_useless() -> None:
    state, digests = participant(), set()
    guardian = state.guardians[0]
    for _ in range(3):
        digests.add(CODES.digest(state.code_text(CODES, guardian)))
        state = state.issued_anew(guardian).with_codes(CODES, NOW, NOW + CODE_LIFE)
    assert len(digests) == 3
    assert not digests & {code.digest for code in state.codes}
    assert state.code_text(CODES) == participant().code_text(CODES)


def test_an_expired_code_stays_so_until_it_is_issued_anew() -> None:
    state, late = participant(), at("2021-05-01")
    for changed in (state.with_codes(CODES, late, late + CODE_LIFE, extends=True), state.issued_anew(None)):
        changed = changed.with_codes(CODES, late, late + CODE_LIFE, extends=True)
        assert changed.code_shown(CODES, state.guardians[0], late) is None
        old = CODES.digest(state.code_text(CODES, state.guardians[0]))
        with pytest.raises(Conflict, match="is over"):
            LinkBatch([changed], {}).redeem(old, STRANGER, late, None)
    anew = state.issued_anew(state.guardians[0]).with_codes(CODES, late, late + CODE_LIFE)
    assert anew.code_shown(CODES, state.guardians[0], late) is not None


def test_a_revoked_code_stays_so_when_the_cabinet_is_closed() -> None:
    state = linked()
    guardian = state.guardians[0]
    closed = unlink(state.without_code(guardian), guardian, "staff", NOW).state.with_codes(CODES, NOW, NOW + CODE_LIFE)
    assert closed.code_shown(CODES, guardian, NOW) is None


def test_a_code_is_not_issued_for_ever_and_a_cabinet_is_always_closed() -> None:
    state = linked().model_copy(update={"issued": {SELF: MOST_CODES}})
    with pytest.raises(Conflict) as refused:
        state.issued_anew(None)
    assert refused.value.type == "too-many-codes"
    closed = unlink(state, None, "staff", NOW).state.with_codes(CODES, NOW, NOW + CODE_LIFE)
    assert (closed.account, closed.code_shown(CODES, None, NOW)) == (None, None)


def test_a_revoked_code_is_not_there_until_it_is_issued_anew() -> None:
    state = participant()
    revoked = state.without_code(None).with_codes(CODES, NOW, NOW + CODE_LIFE)
    assert (revoked.revoked, revoked.code_shown(CODES, None, NOW)) == ((SELF,), None)
    with pytest.raises(NotFound):
        LinkBatch([revoked], {}).redeem(CODES.digest(state.code_text(CODES)), MOTHER, NOW, None)
    again = revoked.issued_anew(None).with_codes(CODES, NOW, NOW + CODE_LIFE)
    assert again.code_shown(CODES, None, NOW) == again.code_text(CODES)


def test_codes_end_with_the_season_or_a_month_after_they_were_issued() -> None:
    early = entered(pupil(), now=at("2020-09-14")).decisions[0].state
    late = entered(pupil(), now=at("2020-12-10")).decisions[0].state
    assert {code.expires and code.expires.date().isoformat() for code in early.codes} == {"2020-12-16"}
    assert {code.expires for code in late.codes} == {at("2021-01-09", 23).replace(minute=59, second=59)}
    assert early.with_codes(CODES, NOW, NOW, extends=True).codes == early.codes, "no code ends earlier than was said"
    code = CODES.digest(early.code_text(CODES))
    day = timedelta(days=1)
    assert LinkBatch([early], {}).redeem(code, MOTHER, at("2020-12-16"), None).new
    with pytest.raises(Conflict) as refused:
        LinkBatch([early], {}).redeem(code, MOTHER, at("2020-12-16") + day, None)
    assert (refused.value.type, refused.value.errors[0].pointer) == ("code-expired", "code")
    assert early.code_shown(CODES, None, at("2020-12-17")) is None


def test_codes_of_an_earlier_release_have_no_end() -> None:
    state = participant()
    old = state.model_copy(update={"codes": tuple(c.model_copy(update={"expires": None}) for c in state.codes)})
    assert LinkBatch([old], {}).redeem(CODES.digest(old.code_text(CODES)), MOTHER, at("2030-01-01"), None).new
