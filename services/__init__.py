"""The services, independent of each other."""
