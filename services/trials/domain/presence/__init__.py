"""Presence: passes, attendance, lessons, absences, and marks and stars that are given for it."""
