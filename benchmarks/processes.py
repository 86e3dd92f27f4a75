"""What Linux says of a process."""

import os
from pathlib import Path


def processor_ms(pid: str | int) -> float:
    """Milliseconds of processor, user and system, of one process; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: str) -> dict[str, float]:
    """Its resident memory, in MB: now, and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    values = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return {"rss": int(values["VmRSS"]) / 1024, "peak": int(values["VmHWM"]) / 1024}
