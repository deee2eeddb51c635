"""The engine of every service: it runs the rules on each message, once, and stores and publishes what they decide.

How often a message is delivered makes no difference: its effects are committed once.
"""
