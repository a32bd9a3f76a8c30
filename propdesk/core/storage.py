"""Where photos and papers are stored: private files that the service account can read."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage


class PrivateStorage(FileSystemStorage):
    """Files of mode 0600; what a command run by root writes belongs to the service account."""

    # The stubs do not know Storage._save, which Django documents for subclasses.
    def _save(self, name: str, content: Any) -> str:
        draft = Path(self.path(name))
        is_new = not draft.exists()
        try:
            saved: str = super()._save(name, content)  # type: ignore[misc]
        except OSError:
            # A disk that is full leaves half a file, which nothing points at.
            if is_new:
                draft.unlink(missing_ok=True)
            raise
        home = Path(settings.HOME)
        if os.geteuid() == 0 and home.exists() and home.stat().st_uid != 0:
            owner = home.stat()
            path = Path(self.path(saved))
            base = Path(settings.MEDIA_ROOT)
            for each in [path, *path.parents]:
                if each.is_relative_to(base):
                    os.chown(each, owner.st_uid, owner.st_gid)
        return saved
