# SPDX-License-Identifier: MIT
"""pty_shell.py - types a command line into an interactive shell on a pseudo-terminal"""

import os
import pty
import re
import select
import time


def type_command(shell, setup, text, wait_s=60):
    """The arguments that `patina` gets: "<generate><--format><parquet>".

    shell   program and arguments, for an interactive shell without start-up files
    setup   a line that loads the completion script
    text    a line that begins with "patina" and has tabs in it
    """
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(PS1="", TERM="dumb", HISTFILE="/dev/null")
        os.execvp(shell[0], shell)
    seen = b""

    def read_until(mark):
        nonlocal seen
        deadline = time.monotonic() + wait_s
        while mark not in seen:
            assert time.monotonic() < deadline, (shell, text, seen)
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 65536)

    def send(line):
        os.write(terminal, line.encode())
    try:
        # The marks are typed in two halves, so that their echo does not match.
        send("patina() { printf '<%s>' \"$@\"; echo E''ND; }; " + setup + "; echo REA''DY\n")
        read_until(b"READY")
        seen = b""
        before, *after = text.split("\t")
        send(before)
        for piece in after:  # a tab and what follows in one go would be taken for pasted text
            send("\t")
            time.sleep(0.5)
            send(piece)
        send("\n")
        read_until(b">END")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return re.findall(rb"((?:<[^>]*>)+)END", seen)[-1].decode()
