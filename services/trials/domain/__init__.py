"""The rules of trials: aggregates, commands and decisions. Pure."""
