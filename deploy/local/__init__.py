"""The whole system on one machine, for the demo and the tests."""
