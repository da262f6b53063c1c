"""Programs of one machine: a port of their own, a start, a first answer, and an end with their parent."""
