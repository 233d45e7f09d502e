"""How many runs does it take?"""
