"""The words of the command that verifies, whoever offers it."""

TEXT = """\
Counts every figure of analytics again, from the first record of the owners' topics up to the position of the live
figures, by code that shares nothing with the fold, and compares every cell. Records that have had no effect are left
out by name. What arrives meanwhile changes nothing; progress goes to standard error. It needs room in the folder for
temporary files: some 400 bytes a record. Exit code 0 when every cell is equal, 1 when one differs."""
RATE = "read at most so many records a second; default: as fast as it goes"
JSON = "the whole outcome as one line of JSON, for scripts"
