"""The ground of the platform, which every part may use: settings, errors, telemetry, and the bases of models."""
