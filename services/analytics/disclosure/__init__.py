"""Disclosure control: of whatever leaves a scope, numbers that tell of few pupils are withheld."""
