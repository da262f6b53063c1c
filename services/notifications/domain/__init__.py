"""The decisions of notifications. Pure."""
