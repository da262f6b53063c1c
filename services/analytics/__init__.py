"""Analytics: regional figures folded from facts, and the regions' numbered logs."""
