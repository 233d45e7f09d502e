"""How much steadier is one method than another?"""
