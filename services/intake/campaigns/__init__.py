"""Telephone campaigns: whom to ask, what to ask, who is rung when, and what their answers come to."""
