"""Exit 0 if the web process of this container answers. Standard library only."""

import os
import sys
import urllib.request


def main() -> int:
    """Ask /sante/ under the name that the site serves: any other would be refused."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    request = urllib.request.Request("http://127.0.0.1:8000/sante/", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310 - our own address
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
