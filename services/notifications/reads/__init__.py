"""Scoped reads of notifications by resource."""
