"""Registration's own copies of facts that trials owns: the seasons, and each pupil's steps in them."""
