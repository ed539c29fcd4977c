"""What intake decides and calculates: pure, without clock, id, randomness or a call."""
