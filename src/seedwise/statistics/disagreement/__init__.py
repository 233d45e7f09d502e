"""How often do two runs answer differently, and by how much?"""
