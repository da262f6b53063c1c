"""Plays a scenario, one region's season, through the public HTTP API and compares the computed figures with it."""
