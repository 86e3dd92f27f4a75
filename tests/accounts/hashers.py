"""A password hasher slow enough that a forgotten hash shows, and fast enough for forty tries."""

import time

from django.contrib.auth.hashers import MD5PasswordHasher


class SlowHasher(MD5PasswordHasher):
    algorithm = "slow_md5"

    def encode(self, password: str, salt: str) -> str:
        time.sleep(0.08)
        return super().encode(password, salt)
