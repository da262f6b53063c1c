"""Diagnostics that pupils take: drafts, attempts, leaves to repeat."""
