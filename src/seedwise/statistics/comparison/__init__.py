"""How do the methods of a study compare with its base?"""
