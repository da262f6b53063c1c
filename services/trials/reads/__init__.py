"""The reads of trials, as its API shows them."""
