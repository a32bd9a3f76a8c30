"""Reads the environment variables of settings.py; a bad value stops the start with a sentence."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict
from urllib.parse import SplitResult, quote, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

POSTGRES_SCHEMES = ("postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+socket")


def text(name: str, default: str = "") -> str:
    """Return the stripped value of a variable, or the default when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """Return a yes/no variable: 1, true, yes, on or 0, false, no, off."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"环境变量 {name} 只能是 1 或 0，现在是“{value}”。")


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number between two bounds, both included."""
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ImproperlyConfigured(
            f"环境变量 {name} 应为 {low} 到 {high} 的整数，现在是“{value}”。"
        )
    return int(value)


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """Return a comma-separated variable as a list without empty entries."""
    return [word.strip() for word in text(name, ",".join(default)).split(",") if word.strip()]


def address(name: str, url: str) -> SplitResult:
    """Return the parts of a URL; refuse one that a raw character of a password has torn apart."""
    try:
        parts = urlsplit(url)
        torn = parts.port == 0 or (
            parts.netloc != "" and "@" in parts.path + parts.query + parts.fragment
        )
    except ValueError:
        torn = True
    if torn:
        raise ImproperlyConfigured(
            f"环境变量 {name} 不是正确的地址。密码里的 @ : / ? # % [ ] 要写成 %40 这样的形式。"
        )
    return parts


def database(name: str, default: str, *, max_age: int) -> dict[str, object]:
    """Return one entry of DATABASES from a PostgreSQL URL; the password is never repeated."""
    url = text(name, default)
    if address(name, url).scheme not in POSTGRES_SCHEMES:
        raise ImproperlyConfigured(
            f"环境变量 {name} 应以 postgresql:// 开头；本系统只支持 PostgreSQL 15 及以上。"
        )
    config: dict[str, object] = dict(
        dj_database_url.parse(url, conn_max_age=max_age, conn_health_checks=True)
    )
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"环境变量 {name} 没有写数据库名（地址最后一段）。")
    return config


def broker(name: str, default: str) -> str:
    """Return a broker URL as Celery spells it: a unix socket is redis+socket:///path."""
    url = text(name, default)
    parts = address(name, url)
    if parts.scheme not in REDIS_SCHEMES:
        raise ImproperlyConfigured(
            f"环境变量 {name} 应以 redis://、rediss:// 或 unix:// 开头（Redis 7 及以上或 Valkey）。"
        )
    if parts.scheme == "unix":
        return "redis+socket://" + url.removeprefix("unix://")
    return url


class Mail(TypedDict):
    """The mail settings of Django that one URL stands for."""

    EMAIL_HOST: str
    EMAIL_PORT: int
    EMAIL_HOST_USER: str
    EMAIL_HOST_PASSWORD: str
    EMAIL_USE_SSL: bool
    EMAIL_USE_TLS: bool


def mail(name: str) -> Mail:
    """Return the mail server from smtp:// (plain), smtp+tls:// (STARTTLS) or smtps:// (TLS)."""
    value = text(name)
    parts = address(name, value)
    if value and not (parts.scheme in {"smtp", "smtp+tls", "smtps"} and parts.hostname):
        raise ImproperlyConfigured(
            f"环境变量 {name} 应写成 smtps://用户:密码@服务器:端口（或 smtp://、smtp+tls://）。"
        )
    return Mail(
        EMAIL_HOST=parts.hostname or "",
        EMAIL_PORT=parts.port or {"smtps": 465, "smtp+tls": 587}.get(parts.scheme, 25),
        EMAIL_HOST_USER=unquote(parts.username or ""),
        EMAIL_HOST_PASSWORD=unquote(parts.password or ""),
        EMAIL_USE_SSL=parts.scheme == "smtps",
        EMAIL_USE_TLS=parts.scheme == "smtp+tls",
    )


def socket_url(url: str) -> str:
    """Return a broker URL as redis-py spells it: a unix socket is unix:///path."""
    if url.startswith("redis+socket://"):
        return "unix://" + url.removeprefix("redis+socket://")
    return url


def database_url(role: str, directory: Path, name: str) -> str:
    """Return the URL of a database reached over a unix socket in a directory."""
    return f"postgresql://{role}@{quote(str(directory), safe='')}/{name}"


def host_of(url: str) -> str:
    """Return what may be shown of a database or broker address: never user or password."""
    parts = urlsplit(url)
    return unquote(parts.netloc.rpartition("@")[2]) or parts.path
