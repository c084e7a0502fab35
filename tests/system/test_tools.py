# SPDX-License-Identifier: MIT
"""Programs that nobody here built: Debian's busybox and bash, coreutils and procps, on Linux first and then in the guest."""

import os
import re

import pytest

import lab

SCRIPTS = {
    "pipes": "echo one two | tr a-z A-Z | sed 's/ /-/' | cat -A; seq 1 100 | sort -rn | head -3 | tail -1; yes | head -1000 | wc",
    "files": "cd /tmp && mkdir -p t/u && cd t && echo hello > a && cp a b && ln a c && ln -s a d && mv b u && ls -1 . u &&"
             " cat a c d u/b && stat -c '%s %h %a %F' a d && stat -c '%h %a %F' u && chmod 751 a && stat -c %a c && touch -d @1000 a &&"
             " stat -c %Y a && find . | sort && cd .. && rm -r t && ls t; echo $?",
    "text": "printf 'b 2\\na 1\\nc 3\\n' > /tmp/x; grep -n a /tmp/x; awk '{s += $2; print $1} END {print s}' /tmp/x;"
            " sort /tmp/x; wc -l < /tmp/x; cut -d' ' -f2 /tmp/x; rm /tmp/x",
    "dd": "dd if=/dev/zero bs=1k count=300 2>/dev/null | md5sum; echo abcdef | dd bs=1 skip=2 count=3 2>/dev/null",
    "control": "i=0; while [ $i -lt 5 ]; do i=$((i+1)); done; echo $i; (exit 3); echo $?; f() { return 4; }; f; echo $?;"
               " trap 'echo bye' EXIT; kill -USR1 $$ 2>/dev/null; echo not reached",
    "background": "sleep 0.2 & wait $!; echo $?; (sleep 5 & echo $! > /tmp/pid; wait) & sleep 0.3; kill $(cat /tmp/pid); wait; echo done;"
                  " rm /tmp/pid",
    "here": "cat <<END\nhome is $HOME\nEND\nread line <<END\nread this\nEND\necho $line; ls /nowhere; echo $?; nocommand; echo $?",
    "many": "for i in $(seq 1 30); do echo $i | cat; done | wc -l; ulimit -n 10; ulimit -n",
}


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("shell", [["/bin/busybox", "sh"], ["/usr/bin/bash-static"]])
def test_a_script_does_the_same(shell, name):
    expected, got = both_with_busybox([*shell, "-c"], "cd /tmp\n" + SCRIPTS[name])
    assert got == expected


def both_with_busybox(words, script):
    """The guest has busybox's tools, so that is what Linux is to use as well."""
    tools = os.path.join(lab.BUILD, "tests", "busybox")
    os.makedirs(tools, exist_ok=True)
    lab.linux(["/bin/busybox", "--install", "-s", tools])
    ended = [lab.linux([*words, f"PATH={tools}\n{script}"]), lab.guest([*words, f"PATH=/bin\n{script}"])]
    return [(one.stdout, one.stderr, 128 - one.returncode if one.returncode < 0 else one.returncode) for one in ended]


@pytest.mark.parametrize("words", [["/bin/ls", "-1a", "/proc/self/fd"], ["/bin/cat", "/proc/self/comm"],
                                   ["/usr/bin/head", "-c", "5", "/proc/self/cmdline"]])
def test_dynamic_coreutils(words):
    expected, got = lab.linux(words), lab.guest(words)
    assert (got.stdout, got.stderr, got.returncode) == (expected.stdout, expected.stderr, expected.returncode)


def shown(*words, options=("-q",)):
    ended = lab.guest(words, options=options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.decode()


def test_procps_reads_proc():
    rows = shown("/usr/bin/ps", "-e", "-o", "pid,ppid,stat,rss,args").splitlines()
    assert re.match(r" +1 +0 Ss +\d+ /init$", rows[1]) and rows[2].endswith("/usr/bin/ps -e -o pid,ppid,stat,rss,args")
    assert re.search(r"load average: 0\.\d\d, 0\.\d\d, 0\.\d\d", shown("/usr/bin/uptime"))
    assert "1:   /init" in shown("/usr/bin/pmap", "-x", "1")
    assert re.search(r"^ *1 +0 +0 +\d+", shown("/usr/bin/vmstat"), re.MULTILINE)
    assert shown("/usr/bin/pgrep", "init") == "1\n"
    assert "ramfs_node" in shown("/usr/bin/slabtop", "-o")
    assert re.search(r"^ +2 root .* top$", shown("/usr/bin/top", "-b", "-n1"), re.MULTILINE)    # needs a description of the terminal


def test_tools_show_what_is_on_the_swap_disk(tmp_path):
    """Our pmap -x and free, and /proc: sixteen of the program's pages were sent there."""
    (tmp_path / "script").write_text("mkfifo /tmp/in\n/tmp/grow < /tmp/in > /dev/null &\nexec 3> /tmp/in\necho >&3; echo >&3; echo out >&3\n"
                                     "until grep -q 'VmSwap:.*64 kB' /proc/$!/status; do usleep 10000; done\n"
                                     "pmap -x $!; free; grep Swap: /proc/$!/smaps; cat /proc/swaps\n")
    said = shown("sh", "/tmp/script", options=["-q", "--swap", "16", "-f", f"{tmp_path / 'script'}:/tmp/script",
                                               "-f", f"{os.path.join(lab.BUILD, 'tests', 'ours', 'grow')}:/tmp/grow"])
    assert re.search(r"^Address +Kbytes +PSS +Dirty +Swap +Mode +Mapping$", said, re.MULTILINE)
    assert re.search(r"^00007fff\w+ +256 +64 +64 +64  rw-p", said, re.MULTILINE)
    assert re.search(r"^total +\d+ +\d+ +\d+ +64$", said, re.MULTILINE)
    assert re.search(r"^Swap: +16380 +64 +16316$", said, re.MULTILINE)
    assert sum(map(int, re.findall(r"^Swap: +(\d+) kB$", said, re.MULTILINE))) == 64
    assert re.search(r"^/dev/vda\s+partition\s+16380\s+64\s+-2$", said, re.MULTILINE)


def test_the_processors_are_where_programs_look_for_them():
    """Every file of our /sys is one of Linux's; what lscpu, nproc and the C library make of them."""
    files = shown("busybox", "find", "/sys", "-type", "f").split()
    assert len(files) > 12 and all(os.path.isfile(path) for path in files)
    said = shown("/usr/bin/lscpu")
    for line in (r"CPU\(s\): +1", r"On-line CPU\(s\) list: +0", r"Thread\(s\) per core: +1", r"Core\(s\) per socket: +1", r"Socket\(s\): +1"):
        assert re.search(rf"^{line}$", said, re.MULTILINE), said
    assert shown("/usr/bin/nproc", "--all") == shown("/usr/bin/getconf", "_NPROCESSORS_CONF") == "1\n"
    assert shown("sh", "-c", "cat /sys/devices/system/cpu/possible; stat -f -c %T /sys; grep sysfs /proc/mounts /proc/filesystems") == (
        "0\nsysfs\n/proc/mounts:sysfs /sys sysfs rw,relatime 0 0\n/proc/filesystems:nodev\tsysfs\n")


def test_busybox_top_and_free_tell_the_truth():
    assert re.search(r"^Mem: \d+K used, \d+K free", shown("busybox", "top", "-b", "-n1"), re.MULTILINE)
    words = "busybox free | awk '/Mem/ {print $2, $3, $4}'; awk '/MemTotal|MemFree/ {print $2}' /proc/meminfo"
    total, used, free, total_again, free_again = map(int, shown("sh", "-c", words).split())
    assert total == total_again and abs(free - free_again) < 400 and 0 < used < total
    # What a program takes is missing from what is free, and is there again afterwards.
    words = "busybox free > /tmp/a; dd if=/dev/zero of=/tmp/f bs=1M count=20 2>/dev/null; busybox free > /tmp/b; rm /tmp/f;" \
            " busybox free > /tmp/c; cat /tmp/a /tmp/b /tmp/c | awk '/Mem/ {print $4}'"
    before, during, after = map(int, shown("sh", "-c", words).split())
    assert 20480 <= before - during < 20480 + 400
    assert abs(before - after) < 400


def test_load_average_follows_the_load():
    words = "i=0; while [ $(cut -d. -f1 /proc/uptime) -lt 7 ]; do i=$((i+1)); done; cat /proc/loadavg"
    load = float(shown("sh", "-c", words).split()[0])
    assert 0.05 <= load <= 0.3    # one sample of 1: 0.08


def test_all_applets_are_linked():
    applets = shown("busybox", "--list").split()
    there = shown("ls", "/bin").split()
    assert set(applets) <= set(there) and len(applets) > 200
    assert {"tour", "pmap", "free", "help", "vmrss"} <= set(there)
    assert "vmrss" in shown("help")
