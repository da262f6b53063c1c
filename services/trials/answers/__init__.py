"""The answers of trials' API, as models."""
