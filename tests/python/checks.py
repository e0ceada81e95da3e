# SPDX-License-Identifier: MIT
"""checks.py - a list of checks, run one after the other, and counted as every test here is"""

import faulthandler
import shutil
import sys
import traceback

REGISTERED_CHECKS = []


class Skip(Exception):
    """Why a check does not apply."""


def check(function):
    """Marks a function of (options) as a check; its docstring says what holds."""
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
        except (Exception, SystemExit) as fault:  # whatever it is, the others are to be run
            counts["failed"] += 1
            place = [one for one in traceback.extract_tb(fault.__traceback__)
                     if one.filename == function.__code__.co_filename][-1]
            print(f"FAIL {title}\n  line {place.lineno}: {type(fault).__name__}: {str(fault)[:2000]}")
        else:
            counts["passed"] += 1
            print(f"ok   {title}")
        sys.stdout.flush()
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


def end(main, scratch):
    """Ends the program with main's status; takes scratch away, and breaks off what never ends."""
    faulthandler.dump_traceback_later(1200, exit=True)
    try:
        status = main()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(status)
