"""Tables as people send them: CSV of any spelling and XLSX, read row by row, within bounds; pure."""
