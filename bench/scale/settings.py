"""Settings of the measured server: those of the tests, with the floor among the addresses."""

from tests.settings import *  # noqa: F403 -- all of them

ROOT_URLCONF = "scale.urls"
