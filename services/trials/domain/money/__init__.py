"""Quotas, rates, and acts for payment."""
