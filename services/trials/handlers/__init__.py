"""The use cases of trials: each loads, decides and saves in one transaction."""
