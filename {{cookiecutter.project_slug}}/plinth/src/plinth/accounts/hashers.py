"""Password hashing with bounded memory."""

from threading import Lock  # noqa: TID251 (bounds the memory of request threads)

from django.contrib.auth import hashers

# A hash of more memory than ours is verified by one thread of a process at a time.
LARGE = Lock()


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Argon2id with OWASP's parameters: 19 MiB a hash, where Django's default is 100 MiB.

    Each thread of the server may hash a password at the same time. Hashes with other
    parameters verify, and are upgraded at the next sign-in.
    """

    time_cost = 2
    # KiB
    memory_cost = 19_456
    # More lanes would need as many idle CPUs.
    parallelism = 1

    def verify(self, password: str, encoded: str) -> bool:
        if self.decode(encoded)["memory_cost"] <= self.memory_cost:
            return super().verify(password, encoded)
        with LARGE:
            return super().verify(password, encoded)
