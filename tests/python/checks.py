# SPDX-License-Identifier: MIT
"""checks.py - registers checks, runs them in order, and counts the results"""

import argparse
import faulthandler
import os
import shutil
import sys
import traceback
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "build/patina"
REGISTERED_CHECKS = []


class Skip(Exception):
    """Raised with the reason why a check is skipped."""


def check(function):
    """Registers a function of (options) as a check; its docstring states the expectation."""
    REGISTERED_CHECKS.append(function)
    return function


def run(options):
    """Runs the checks of options.only, or all. The last line printed is "N passed, N failed, N
    skipped"; the status is 1 where one failed."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for function in REGISTERED_CHECKS:
        if options.only and function.__name__ not in options.only:
            continue
        title = f"{function.__name__}: {function.__doc__}"
        try:
            function(options)
        except Skip as why:
            counts["skipped"] += 1
            print(f"skip {title}: {why}")
        except (Exception, SystemExit) as fault:  # the other checks run in any case
            counts["failed"] += 1
            frame = [one for one in traceback.extract_tb(fault.__traceback__)
                     if one.filename == function.__code__.co_filename][-1]
            print(f"FAIL {title}\n  line {frame.lineno}: {type(fault).__name__}: {str(fault)[:2000]}")
        else:
            counts["passed"] += 1
            print(f"ok   {title}")
        sys.stdout.flush()
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


def skip_all(test, missing):
    """Exits from a test that needs a package that is not installed. missing is the ImportError."""
    print(f"skip {test}: {missing.name} is not installed, which it needs")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def run_main(doc, scratch, **more):
    """Parses the command line [--patina PROGRAM] [CHECK...], runs the checks and exits with their status; more has
    further options with their help. Removes the folder scratch, and aborts after 20 minutes."""
    faulthandler.dump_traceback_later(1200, exit=True)
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--patina", type=os.path.abspath, default=PROGRAM, help="the program (default: %(default)s)")
    for name, text in more.items():
        parser.add_argument("--" + name, help=text)
    parser.add_argument("only", nargs="*", help="names of checks")
    try:
        status = run(parser.parse_args())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(status)
