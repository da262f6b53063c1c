"""A plain recount of every figure from the owners' topics; it shares no code with the fold that it checks (ADR 54)."""
