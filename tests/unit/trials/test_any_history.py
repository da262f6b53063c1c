"""Any history of commands to registration and trials: what is told of it agrees with what is stored, and may stand.

Both services run as they do, on databases in memory (`tests.drivers.together`). What one tells reaches the other late,
in order for each pupil, and again. The model (`tests.builders.standing` and those beside it)
knows what anybody can read, and nothing else.
"""

from hypothesis import settings

from tests.drivers.any_history import AnyHistory

TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(stateful_step_count=40)
