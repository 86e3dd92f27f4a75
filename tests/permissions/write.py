"""Write the table of addresses anew: python -m tests.permissions.write. Read the diff before you commit it."""

import subprocess
import sys

HEADER = """\
# Address, method, and what each role gets: {roles}.
# login: sent to sign in; 2fa: sent to enrol or use a second factor; again: asked to prove herself again.
"""


def main() -> None:
    """Run the measure inside the suite's own fixtures and keep what it prints."""
    from tests.permissions.test_every_address import ROLES, TABLE

    code = (
        "import pathlib\nimport pytest\n"
        "from tests.permissions.test_every_address import measured\n"
        "pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]\n"
        "def test_write(measured):\n"
        f"    text = {HEADER.format(roles=', '.join(ROLES))!r} + '\\n'.join(measured) + '\\n'\n"
        f"    pathlib.Path({str(TABLE)!r}).write_text(text)\n"
    )
    script = TABLE.with_name("test_write_table.py")
    script.write_text(code)
    try:
        sys.exit(subprocess.call([sys.executable, "-m", "pytest", "-q", str(script)]))
    finally:
        script.unlink()


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orne_accueil.settings.test")
    import django

    django.setup()
    main()
