"""When may a study that grows stop?"""
