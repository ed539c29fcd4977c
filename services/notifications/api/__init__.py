"""The HTTP door of notifications."""
