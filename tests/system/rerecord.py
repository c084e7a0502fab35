# SPDX-License-Identifier: MIT
"""rerecord.py - a failed test leaves a recording of the guest that it ran, and says how to go back in it.

Guests run alike every time, so the test's last scripts/guest is run once more with --record, under the same name, input and
options. conftest.py has the hooks; whether the recorded run ended as the one that failed did is said too.
"""

import os
import re
import shlex
import subprocess

import pytest

import lab

FOLDER = os.environ.get("FAULTLINE_RECORDINGS", os.path.join(lab.BUILD, "failed"))
AT_MOST = 5    # in one session: with many failures the first ones tell enough
made = []      # folders
module = None    # of the present test; lab.guest_calls begins with what its fixtures ran
of_fixtures = 0    # so many


def record_again(call, folder):
    """Runs it, recorded; in words, how it went."""
    command = [lab.GUEST, "-t", str(call.seconds), *call.options, "--record", folder, "--", *map(str, call.words)]
    try:
        again = subprocess.run(command, input=call.stdin, capture_output=True, timeout=2 * call.seconds + 60, check=False, **call.more)
    except (subprocess.TimeoutExpired, OSError) as error:
        return f"could not be recorded: {error}"
    if not os.path.exists(os.path.join(folder, "recording.json")):
        return "could not be recorded: " + again.stderr.decode("utf-8", "replace").strip().splitlines()[-1]
    made.append(folder)
    if call.result is None or (again.returncode, again.stdout) == (call.result.returncode, call.result.stdout):
        same = f"It ended as before, with status {again.returncode}"
    elif again.returncode != call.result.returncode:
        same = f"It ended with status {again.returncode} instead of {call.result.returncode}: what is in there may be another run"
    else:
        same = f"It ended with status {again.returncode} again, but its output differs"
    return f"was run again and recorded. {same}.\n    make rewind REC={shlex.quote(os.path.relpath(folder, lab.ROOT))}"


def text_for(item):
    call = lab.guest_calls[-1]
    whose = "The last guest of this test" if len(lab.guest_calls) > of_fixtures else "The last guest of this file's fixtures"
    name = re.sub(r"[^\w.-]+", "-", f"{os.path.basename(item.path)}-{item.name}").strip("-")
    return f"{whose} ({shlex.join(map(str, call.words))}) {record_again(call, os.path.join(FOLDER, name))}"


def pytest_runtest_setup(item):
    """Forget what the test before ran. What fixtures run now may serve many tests of the file."""
    global module, of_fixtures
    if item.module is not module:
        module, of_fixtures = item.module, 0
    del lab.guest_calls[of_fixtures:]


def pytest_runtest_call(item):
    global of_fixtures
    of_fixtures = len(lab.guest_calls)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed and report.when != "teardown" and lab.guest_calls and len(made) < AT_MOST:
        report.sections.append(("going back", text_for(item)))
