# SPDX-License-Identifier: MIT
"""checks.py - registers checks, runs them in order, and counts the results"""

import faulthandler
import shutil
import sys
import traceback

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


def run_main(main, scratch):
    """Runs main and exits with its status; removes the folder scratch, and aborts after 20 minutes."""
    faulthandler.dump_traceback_later(1200, exit=True)
    try:
        status = main()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(status)
