"""Registration: organisations, participants and their guardians, consents, and the identity vault."""
