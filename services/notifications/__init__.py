"""Notifications: a family's inbox, and its live stream."""
