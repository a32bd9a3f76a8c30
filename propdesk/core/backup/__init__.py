"""Backup and restore (ADR 0038): one folder holds the database, the files and the secret.

``making`` writes one, ``manifest`` says what is in it and whether it is whole, ``restoring`` reads
it into an empty place, ``keeping`` thins old ones, ``nightly`` says when. Nothing here locks a row.
"""
