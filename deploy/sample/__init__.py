"""A city to look at: organisations, services, money, goods, and reports as people would make them; and the player who lives it."""
