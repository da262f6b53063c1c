"""Copies of what registration owns, folded from its events in any order."""
