"""Is one method better than another, and how often?"""
