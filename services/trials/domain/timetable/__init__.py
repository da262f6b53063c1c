"""Slots, timetables by rule, and what changes them."""
