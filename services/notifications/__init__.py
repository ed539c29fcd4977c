"""Notifications: who may hear what, and that each heard it once."""
