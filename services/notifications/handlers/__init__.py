"""The use cases of notifications by resource."""
