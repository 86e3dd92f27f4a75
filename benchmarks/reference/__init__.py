"""The practical ceiling of this stack: session, CSRF, one availability query, one small template, one locked insert.

It does nothing else: no quota, no hours, no mail. Same server, same pool, same tables' volume as ours.
"""
