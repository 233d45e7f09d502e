"""What can be concluded, in words?"""
