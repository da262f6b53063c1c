"""A pupil's path: what was told of it, what stands, and what follows from that."""
