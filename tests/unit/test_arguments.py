"""What the command line refuses before it does anything, and in which words."""

import pytest

from deploy.arguments import parser

WRONG = {
    "token --grant boss:RU": "'boss' is no role; roles are guardian, mentor,",
    "token --grant navigator": "navigator of which organisation?",
    "feed tail": "the following arguments are required: REGION",
    "feed tail RU-ROS --url localhost:8080": "'localhost:8080' is no URL; for instance http://127.0.0.1:8080",
    "dlq list --group analytics": "invalid choice: 'analytics' (choose from",
    "dlq": "the following arguments are required: COMMAND",
    "lag --wait -1": "'-1' is not a number of seconds",
    "lag --wait nan": "'nan' is not a number of seconds",
    "lag --wait 1 --every 1": "argument --every: not allowed with argument --wait",
    "simulate --scale 0": "'0' is not a number above 0, at most 100",
    "simulate --scale 101": "'101' is not a number above 0, at most 100",
    "demo --port 80.5": "'80.5' is not a port from 1 to 65535",
}


@pytest.mark.parametrize(("words", "complaint"), WRONG.items(), ids=WRONG)
def test_a_wrong_call_exits_with_2_and_says_why(words: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words.split())
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err.replace("\n", " ")


def test_a_grant_is_a_role_and_its_organisation() -> None:
    options = parser().parse_args(["token", "--grant", "navigator:RU-ROS-001-S01", "--grant", "guardian"])
    assert options.grant == [{"role": "navigator", "org": "RU-ROS-001-S01"}, {"role": "guardian"}]
