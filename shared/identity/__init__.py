"""The identity of those who ask and act: tokens, principals with their grants, and the keys of ids."""
