"""The back office of people, accounts and posts."""
