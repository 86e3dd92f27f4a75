"""Make sure that Debian's Chromium is there for the browser tests; exits 1 with one clear line otherwise."""

import os
import shutil
import subprocess
import sys


def main() -> int:
    """Install it where we may: root, with apt. Playwright's own downloads are not used."""
    if shutil.which("chromium"):
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(
            "Chromium manque et cette commande ne peut l’installer (elle le fait en root, sous Debian) : "
            "les parcours dans le navigateur seront sautés. Installez le paquet « chromium »."
        )
        return 1
    print("Installation de Chromium par apt…", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    ):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode or not shutil.which("chromium"):
        last = done.stdout.strip().rpartition("\n")[2]
        print(f"apt n’a pas pu installer Chromium, les parcours dans le navigateur seront sautés : {last}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
