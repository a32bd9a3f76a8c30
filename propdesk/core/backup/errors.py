"""What a backup or a restore says when it cannot go on."""


class BackupError(Exception):
    """One sentence, or one a line, for whoever stands before the terminal."""
