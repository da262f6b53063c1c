"""Copies of what others own: names for the texts of notices."""
