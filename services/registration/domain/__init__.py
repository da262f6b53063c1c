"""Aggregates, commands and decisions of registration. Pure: no storage, no HTTP, no clock."""
