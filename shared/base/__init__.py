"""What every part of the platform may use: settings, errors, telemetry, and the bases of models."""
