"""The way into a system on one machine."""
