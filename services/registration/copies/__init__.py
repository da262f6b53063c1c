"""Registration's own copies of facts that trials owns: the seasons, whose each slot is, and each pupil's steps."""
