"""Figures as tables for other programs: CSV, workbooks and Parquet, written batch by batch."""
