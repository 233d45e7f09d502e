"""How much does a result vary from run to run?"""
