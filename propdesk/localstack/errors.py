"""The one exception that carries a sentence for the person at the terminal."""


class StartError(Exception):
    """The stack cannot start; the message says in Chinese why and what to do."""
