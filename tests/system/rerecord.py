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
import qemu
import replay

FOLDER = os.environ.get("FAULTLINE_RECORDINGS", os.path.join(lab.BUILD, "failed"))
AT_MOST = 5    # in one session (each worker has one): with many failures the first ones tell enough
made = []      # folders
module = None    # of the present test; lab.guest_calls begins with what its fixtures ran
of_fixtures = 0    # so many


def boot_again(call, folder):
    """The same for a bare boot, which has the kernel's own initial file system, or a file of it, and one serial line."""
    machine = dict(call.options)
    try:
        with open(machine.pop("initrd", None) or qemu.INITRAMFS, "rb") as file:
            recording = replay.Recording.begin(folder, lambda out: os.write(out, file.read()), ["init"], only_serial=True, **machine)
        again = subprocess.run(recording.command("record", ["-serial", "stdio"]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               timeout=2 * call.seconds, pass_fds=(recording.memory,), check=False)
    except (replay.NoRecording, subprocess.TimeoutExpired, OSError, TypeError) as error:
        return f"could not be recorded: {error}"
    recording.finish(again.returncode, False, again.returncode)
    made.append(folder)
    return told(folder, call.result is None or again.returncode == call.result.status, again.returncode,
                call.result and call.result.status)


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
    same = call.result is None or (again.returncode, again.stdout) == (call.result.returncode, call.result.stdout)
    return told(folder, same, again.returncode, call.result and call.result.returncode)


def told(folder, same, status, before):
    if same:
        how = f"It ended as before, with status {status}"
    elif status != before:
        how = f"It ended with status {status} instead of {before}: what is in there may be another run"
    else:
        how = f"It ended with status {status} again, but its output differs"
    return f"was run again and recorded. {how}.\n    make rewind REC={shlex.quote(os.path.relpath(folder, lab.ROOT))}"


def text_for(item):
    call = lab.guest_calls[-1]
    again, words = (boot_again, ["boot", *map(str, call.options.items())]) if isinstance(call, lab.BootCall) else (record_again, call.words)
    whose = "The last guest of this test" if len(lab.guest_calls) > of_fixtures else "The last guest of this file's fixtures"
    name = re.sub(r"[^\w.-]+", "-", f"{os.path.basename(item.path)}-{item.name}").strip("-")
    return f"{whose} ({shlex.join(map(str, words))}) {again(call, os.path.join(FOLDER, name))}"


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
