"""The use cases by resource: each loads, decides and saves."""
