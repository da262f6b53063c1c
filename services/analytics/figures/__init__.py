"""The figures, a file each: what a pupil adds to it, how it is read, and the model of its answer."""
