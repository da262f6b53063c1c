<<<<<<< HEAD
"""Registration: organisations, participants and their guardians, consents, and the identity vault."""
=======
"""Registration: who takes part, where, and with whose consent; names live in its vault alone."""
>>>>>>> b8f5e85 (docs: where a new thing goes, and what says so when it is missing (ADR 18))
