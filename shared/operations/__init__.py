"""Operators' tools: what waits or stands still, what was put aside, and the ways out; the command line calls them."""
