"""All settings. Values come from PROPDESK_*, DATABASE_URL and REDIS_URL; docs/deploy.md lists them."""

import os
import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from propdesk import environment as env
from propdesk import keyring
from propdesk.localstack import paths

# The readings of whole phrases cost 40 MB in every process; names are read by the character.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")

BASE_DIR = paths.BASE_DIR
HOME = paths.home()

# --- Basics ---------------------------------------------------------------------------------------
DEBUG = env.flag("PROPDESK_DEBUG")
SECRET_KEY = env.text("PROPDESK_SECRET_KEY") or keyring.current(HOME)
# Keys of before a change (docs/operations.md), the newest first: they open and never close.
SECRET_KEY_FALLBACKS = [*env.words("PROPDESK_SECRET_KEY_OLD"), *keyring.before(HOME)]
TLS = env.flag("PROPDESK_TLS")
PROXIES = env.integer("PROPDESK_PROXIES", 0, low=0, high=5)
ALLOWED_HOSTS = env.words("PROPDESK_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("PROPDESK_TRUSTED_ORIGINS")
# The address printed in the QR codes of papers; `up` fills it in when it is not given.
PROPDESK_PUBLIC_URL = env.text("PROPDESK_PUBLIC_URL", "").rstrip("/")
ROOT_URLCONF = "propdesk.urls"
WSGI_APPLICATION = "propdesk.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_NAME = "PropDesk 物业前台"

INSTALLED_APPS = [
    "propdesk.core",
    "propdesk.desk",
    "incidents",
    "lostfound",
    "emergencies",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "simple_history",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "propdesk.core.middleware.MethodsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "propdesk.core.middleware.IdleMiddleware",
    "propdesk.core.middleware.PasswordChangeMiddleware",
    "propdesk.core.middleware.ConflictMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "propdesk.desk.shell.shell",
            ]
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

# --- Database -------------------------------------------------------------------------------------
# The application role cannot rewrite history; only these commands connect as the owner.
OWNER_COMMANDS = {
    "migrate",
    "createcachetable",
    "prepare",
    "flush",
    "sqlmigrate",
    "restore",
    "purge",
    "rotate_key",
}
AS_OWNER = env.flag("PROPDESK_AS_OWNER") or (
    Path(sys.argv[0]).name == "manage.py" and sys.argv[1:2] != [] and sys.argv[1] in OWNER_COMMANDS
)
EMBEDDED_POSTGRES = not env.text("DATABASE_URL")
DB_OWNER_ROLE = env.text("PROPDESK_OWNER_ROLE", paths.OWNER_ROLE)
DB_APP_ROLE = env.text("PROPDESK_APP_ROLE", paths.APP_ROLE)
_sockets = paths.run_dir()
_app_url = env.text("DATABASE_URL", env.database_url(paths.APP_ROLE, _sockets, paths.DATABASE))
_owner_url = env.text(
    "PROPDESK_OWNER_DATABASE_URL",
    env.database_url(paths.OWNER_ROLE, _sockets, paths.DATABASE) if EMBEDDED_POSTGRES else _app_url,
)
DATABASES = {
    "default": env.database(
        # A sentence about a bad URL names the variable that holds it.
        "PROPDESK_OWNER_DATABASE_URL"
        if AS_OWNER and env.text("PROPDESK_OWNER_DATABASE_URL")
        else "DATABASE_URL",
        _owner_url if AS_OWNER else _app_url,
        max_age=60,
    )
}
SINGLE_DATABASE_ROLE = not EMBEDDED_POSTGRES and _owner_url == _app_url

# The shell's fragments and the rate limits must survive a dead broker, so they live in the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "TIMEOUT": 300,
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# --- People, sessions, log-in ---------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "phone", "email")},
    },
    {"NAME": "propdesk.core.passwords.HouseWordsValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "propdesk.core.adapter.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    # "key" is user name and address together (see the adapter): wrong passwords typed elsewhere
    # never lock the owner out.
    "login_failed": "10/15m/key,60/15m/ip",
    "login": "60/m/ip",
}
_FORMS = "propdesk.core.account_forms"
ACCOUNT_FORMS = {
    "login": f"{_FORMS}.LoginForm",
    "reauthenticate": f"{_FORMS}.ReauthenticateForm",
    "change_password": f"{_FORMS}.ChangePasswordForm",
}
MFA_ADAPTER = "propdesk.core.adapter.StaffMfaAdapter"
MFA_FORMS = {
    "authenticate": f"{_FORMS}.AuthenticateForm",
    "reauthenticate": f"{_FORMS}.ReauthenticateCodeForm",
    "activate_totp": f"{_FORMS}.ActivateTotpForm",
    "add_webauthn": f"{_FORMS}.AddPasskeyForm",
    "edit_webauthn": f"{_FORMS}.EditPasskeyForm",
    "login_webauthn": f"{_FORMS}.LoginPasskeyForm",
    "authenticate_webauthn": f"{_FORMS}.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": f"{_FORMS}.ReauthenticatePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_TOTP_ISSUER = "PropDesk"
# An e-mail address opens no door here, so it need not be proved first.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 8 * 60 * 60
PROPDESK_IDLE_MINUTES = env.integer("PROPDESK_IDLE_MINUTES", 30, low=1, high=480)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
if TLS:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
# The certificate of `up --tls` is known to this house alone, under a name that may be localhost:
# browsers are told to insist on TLS only where a proxy holds a real one.
BEHIND_TLS = bool(PROXIES and TLS)
HSTS_YEAR = 365 * 24 * 60 * 60
SECURE_HSTS_SECONDS = env.integer(
    "PROPDESK_HSTS_SECONDS", HSTS_YEAR if BEHIND_TLS else 0, low=0, high=2 * HSTS_YEAR
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_SECONDS > 0
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz"]
# To be preloaded is for the owner of the name to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
elif TLS:
    # This port speaks nothing but TLS, so there is nothing to redirect; for HSTS see above.
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008"]
# In a signed cookie a word of thanks costs no write of the session.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# --- Browser security -----------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "propdesk.core.http.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # A photo is shrunk in the browser and shown before it is sent.
        "img-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        # Only a paper beside its signature is framed (``core.http.framed``).
        "frame-ancestors": [NONE],
        "frame-src": [SELF],
    }
}

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("PROPDESK_STATIC_ROOT", str(HOME / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Compressing costs seconds at every start; a deployment does it once (docs/deploy.md).
COMPRESS_STATIC = env.flag("PROPDESK_COMPRESS_STATIC")
STORAGES = {
    "default": {
        "BACKEND": "propdesk.core.storage.PrivateStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COMPRESS_STATIC
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}
# Private: no URL serves it, every file goes through a view that asks for permission.
MEDIA_ROOT = Path(env.text("PROPDESK_MEDIA_ROOT", str(HOME / "media")))
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FILES = 12
# The form of a hand-over has three fields for each open thing of the house: ten times the 300 that
# docs/performance.md plans for. The bytes above stay the limit of what one request may cost.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- Backup ---------------------------------------------------------------------------------------
PROPDESK_BACKUP_DIR = Path(env.text("PROPDESK_BACKUP_DIR", str(HOME / "backups")))
PROPDESK_BACKUP_NIGHTLY = env.flag("PROPDESK_BACKUP_NIGHTLY", default=True)
PROPDESK_BACKUP_HOUR = env.integer("PROPDESK_BACKUP_HOUR", 3, low=0, high=23)
# A folder on another machine or disk; it is never made here.
PROPDESK_BACKUP_COPY_TO = env.text("PROPDESK_BACKUP_COPY_TO")
# A public key of age: with one every backup is encrypted.
PROPDESK_BACKUP_RECIPIENT = env.text("PROPDESK_BACKUP_RECIPIENT")

# --- History --------------------------------------------------------------------------------------
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_REVERT_DISABLED = True

# --- Mail ---------------------------------------------------------------------------------------
_mail = env.mail("PROPDESK_EMAIL_URL")
PROPDESK_EMAIL_ENABLED = bool(_mail["EMAIL_HOST"])
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("PROPDESK_EMAIL_FROM", "propdesk@localhost")

# Hosts of other systems that may be told by webhook; robots of chats live on hosts known to the code.
PROPDESK_WEBHOOK_HOSTS = env.words("PROPDESK_WEBHOOK_HOSTS")

# --- Celery ---------------------------------------------------------------------------------------
EMBEDDED_BROKER = not env.text("REDIS_URL")
CELERY_BROKER_URL = env.broker("REDIS_URL", f"unix://{paths.valkey_socket()}")
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"*.render*": {"queue": "pdf"}}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_BROKER_CONNECTION_TIMEOUT = 0.8
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A person waits for the answer: a broker that does not answer is a dead one.
    "socket_timeout": 0.8,
    "socket_connect_timeout": 0.8,
    "retry_on_timeout": False,
    "max_retries": 0,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 600_000  # KiB
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "propdesk.scheduler.Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "core.tick", "schedule": 60.0, "options": {"expires": 50}},
    "relay": {"task": "core.relay", "schedule": 10.0, "options": {"expires": 8}},
}

# --- Logging --------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "propdesk.logs.FramesFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.text("PROPDESK_LOG_LEVEL", "WARNING").upper(),
    },
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "propdesk": {"level": "INFO"},
    },
}
