"""Seats and those who want one: bookings, lines, classes over several slots, suggestions."""
