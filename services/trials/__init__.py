"""Trials: seasons, diagnostics, venues, slots, bookings, attendance and recommendations."""
