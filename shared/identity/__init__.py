"""Who asks and who acts: tokens, principals with their grants, and the keys that ids are made with."""
