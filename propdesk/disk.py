"""What is to survive a machine that loses its power."""

import os
from pathlib import Path


def flush_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: a file that was flushed may else have none."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
