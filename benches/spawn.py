"""Runs one command and writes what it cost: `spawn.py RESULT COMMAND…`.

RESULT gets one line: wall seconds, CPU seconds, peak memory in KiB, exit code. A process of its own, because Linux
counts the memory of whoever starts a program as that program's peak: this one stays small.
"""

import os
import sys
import time

result, *command = sys.argv[1:]
started = time.monotonic()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, used = os.wait4(pid, 0)
wall = time.monotonic() - started
with open(result, "w", encoding="ascii") as file:
    code = os.waitstatus_to_exitcode(status)
    file.write(f"{wall} {used.ru_utime + used.ru_stime} {used.ru_maxrss} {code}\n")
