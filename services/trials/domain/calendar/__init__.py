"""Seasons: their rules, terms, grades, closings and revisions."""
