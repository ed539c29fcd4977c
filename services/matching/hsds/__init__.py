"""The directory in the words of the Human Services Data Specification 3.0: described once, written and read by that description."""
