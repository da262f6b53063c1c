"""A service as a process: its parts put together, its loops, its probes."""
