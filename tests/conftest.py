"""Where the product and the emulator meet: everything goes over loopback HTTP."""

import pytest
from django.test import override_settings


@pytest.fixture(autouse=True, scope="session")
def quick_passwords():
    """The slow hash that guards passwords is Django's to test; it took half of our tests' time."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield
