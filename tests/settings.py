"""Settings of the test run: a throw-away database, no broker, fast passwords, plain static files."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "PROPDESK_TEST_HOME" not in os.environ:
    # The controller of the run makes it, the workers of pytest-xdist inherit it.
    made = Path(tempfile.mkdtemp(prefix=f"propdesk-test-{os.getpid()}-"))
    made.chmod(0o711)
    os.environ["PROPDESK_TEST_HOME"] = str(made)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
TEST_HOME = Path(os.environ["PROPDESK_TEST_HOME"])

os.environ["PROPDESK_HOME"] = str(TEST_HOME / "home")
os.environ.setdefault("PROPDESK_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ["PROPDESK_AS_OWNER"] = "1"
for name in ("PROPDESK_TLS", "PROPDESK_DEBUG", "PROPDESK_PROXIES", "REDIS_URL"):
    os.environ.pop(name, None)

from propdesk.settings import *  # noqa: E402, F403 -- the environment above comes first

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = TEST_HOME / f"media-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
STATIC_ROOT = TEST_HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    **STORAGES,  # noqa: F405 -- from the settings above
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Nothing listens here: code that publishes must survive a dead broker in every test.
CELERY_BROKER_URL = "redis+socket:///nonexistent/propdesk-test.sock"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
