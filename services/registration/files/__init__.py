"""Files with names in them: workbooks and pages to be printed, made of what was read in scope, and stored nowhere."""
