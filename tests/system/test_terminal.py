# SPDX-License-Identifier: MIT
"""What a person sees: `make run` on a terminal and without one, scripts/guest on a terminal, gdb."""

import os
import signal
import subprocess
import time

import pexpect
import pytest

import lab


def spawn(command, words, **options):
    """A program on a terminal of its own. SIGHUP is not ignored, even if these tests were started by nohup: a shell cannot trap it then."""
    options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
    return pexpect.spawn(command, words, cwd=lab.ROOT, timeout=180, encoding="utf-8", codec_errors="replace", **options)


def test_make_run_without_a_terminal_takes_the_tour():
    ended = subprocess.run(["make", "-s", "run"], cwd=lab.ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
                           check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert b"power off: status 0" in ended.stdout


def prompt(child):
    child.expect(r"[#$>] (\x1b\[6n)?$")    # busybox asks the terminal where its cursor is


def start_and_stop(child):
    """A job in the foreground, and Ctrl-Z once it runs there: before, it would be the shell's, which ignores it."""
    child.sendline("(echo u''p; exec sleep 100)")
    child.expect("up\r")
    child.send("\x1a")
    child.expect(r"Stopped[^\n]+sleep 100")


def test_make_run_on_a_terminal_is_a_prompt():
    child = spawn("make", ["-s", "run"])
    child.expect("Ctrl-A X")    # the banner says how to leave
    prompt(child)
    child.sendline("help")      # ours, not the shell's own
    child.expect("malloc's whole way in six steps")
    prompt(child)
    child.sendline("vmrss")
    child.expect("VmRSS")
    prompt(child)
    child.sendline("no-such-program")
    child.expect("not found")
    prompt(child)
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_more_memory_than_the_machine_has_at_the_prompt():
    """The swap disk of make run: SWAP=MiB, 512 unless somebody says otherwise, 0 is none."""
    child = spawn("make", ["-s", "run", "MEM=32", "SWAP=32"])
    prompt(child)
    child.sendline("beyond -n 40")
    child.expect("this machine has 30 MiB of memory and 31 MiB of swap")
    child.expect("10240 of 10240 pages are as they were written")
    prompt(child)
    child.sendline("exit")
    child.expect("ledger: balanced")
    child.expect(pexpect.EOF)


def test_the_command_that_is_shown_can_be_typed():
    """QEMU's own, with a swap disk that has a name."""
    def shown(*words):
        return subprocess.run([os.path.join(lab.ROOT, "scripts", "run"), "--show", *words], capture_output=True, text=True, check=True).stdout
    assert "swap" not in shown("--swap", "0").replace(lab.ROOT, "") and "swap.img" in shown()
    child = spawn("sh", ["-c", shown("--swap", "16", "--direct")])
    prompt(child)
    child.sendline("grep Swap /proc/meminfo")
    child.expect(r"SwapTotal: +16380 kB")
    prompt(child)
    child.send("\x01x")
    child.expect(pexpect.EOF)


@pytest.mark.parametrize("command", ["halt", "poweroff", "reboot"])
def test_busyboxs_ways_to_end_the_machine_end_it(command):
    """Each sends a signal to process 1. A job that is stopped does not matter."""
    child = spawn("make", ["-s", "run", "BOOT=direct"])
    child.expect("Ctrl-A X")
    prompt(child)
    start_and_stop(child)
    prompt(child)
    child.sendline(command)
    child.expect(r"ledger: balanced[^\n]*\r*\n")
    child.expect("power off: status 0")
    child.expect(pexpect.EOF)


@pytest.mark.parametrize("words", [["make", "-s", "run"], ["make", "-s", "run", "BOOT=direct"]])
@pytest.mark.parametrize("columns, rows", [(132, 43), (61, 17)])
def test_the_window_is_as_large_as_the_terminals(words, columns, rows, tmp_path):
    """GRUB's serial line carries no size: the terminal is asked where its lower right corner is. Here tmux is the terminal."""
    tmux = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "socket")]

    def screen():
        shown = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=False)
        return shown.stdout.rstrip("\n").split("\n")

    def wait_until(condition):
        for _ in range(600):
            if condition(screen()):
                return
            time.sleep(0.1)
        raise AssertionError("\n".join(screen()))

    def send(*keys):
        """What is typed before the terminal has told the shell where its cursor is would leave that answer to the next program."""
        wait_until(lambda lines: lines[-1].endswith("#") or "~" in lines)
        time.sleep(0.3)
        subprocess.run([*tmux, "send-keys", *keys], check=True)

    subprocess.run([*tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows), *words], cwd=lab.ROOT, check=True)
    try:
        wait_until(lambda lines: lines[-1].endswith("#"))
        send("stty size; tty", "Enter")
        wait_until(lambda lines: f"{rows} {columns}" in lines)
        send("vi /tmp/new", "Enter")
        wait_until(lambda lines: len(lines) == rows and lines[-2] == "~" and lines[-1].startswith("- /tmp/new"))
        send(":q", "Enter")
        wait_until(lambda lines: lines[-1].endswith("#"))
        send("exit", "Enter")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def test_ctrl_a_x_leaves():
    child = spawn("make", ["-s", "run"])
    prompt(child)
    child.send("\x01x")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_the_prompt_edits_and_interrupts():
    child = spawn("make", ["-s", "run", "BOOT=direct"])
    prompt(child)
    child.send("echoo\x7f seen\r")
    child.expect("seen")
    prompt(child)
    child.sendline("cat")
    child.expect("cat\r")
    child.sendline("back")
    child.expect("back\r+\n.*back\r+\n")    # QEMU leaves the terminal its own carriage returns
    child.send("\x03")
    prompt(child)
    child.sendline("exit")
    child.expect(pexpect.EOF)


def test_jobs_are_stopped_and_continued():
    child = spawn("make", ["-s", "run", "BOOT=direct"])
    prompt(child)
    start_and_stop(child)
    prompt(child)
    child.sendline("bg; jobs")
    child.expect(r"Running[^\n]+sleep 100")
    prompt(child)
    child.sendline("fg")
    child.expect(r"sleep 100\)\r")
    child.send("\x03")
    prompt(child)
    child.sendline("jobs; cat &")    # the background may not read
    prompt(child)
    child.sendline("jobs")
    child.expect(r"Stopped \(tty input\) +cat")
    prompt(child)
    child.sendline("kill -9 %1; ps -o pid,tty,args; tty; stty size")
    child.expect(r"5,1 +sh\r")
    child.expect("/dev/console\r+\n24 80\r+\n")
    prompt(child)
    child.send("echo first\recho second\r")
    child.expect("second\r+\n.*second\r+\n")
    prompt(child)
    child.send("\x1b[A\x1b[A\r")    # the history: up, up
    child.expect("first\r+\n")
    prompt(child)
    child.send("ls /etc/pas\t\r")
    child.expect("/etc/passwd\r+\n")
    prompt(child)
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_bash_is_content_with_the_terminal():
    child = spawn(lab.GUEST, ["-q", "/usr/bin/bash-static", "--norc"])
    child.expect(r"bash-static-\S*# $")
    start_and_stop(child)
    child.sendline("fg")
    child.expect(r"sleep 100 \)\r")
    child.send("\x03")
    child.expect("# $")
    child.sendline("echo status $?")
    child.expect("status 130\r")
    child.sendline("exit 7")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 7


@pytest.mark.parametrize("where", ["linux", "guest"])
def test_the_foreground_hears_that_the_leader_has_ended(where):
    script = ("setsid -c sh -c '(trap \"echo hung; echo up; exit\" HUP; : > /tmp/up.$$; while :; do sleep 0.1; done) &"
              " until test -e /tmp/up.$$; do sleep 0.1; done; rm /tmp/up.$$'; sleep 3; echo end")
    words = ["/bin/busybox", "sh", "-c", script]
    child = spawn(words[0], words[1:]) if where == "linux" else spawn(lab.GUEST, ["-q", "--", *words])
    child.expect("hung\r+\nup\r+\n")
    child.expect("end\r+\n")
    child.expect(pexpect.EOF)


def test_the_window_is_as_large_as_the_hosts():
    child = spawn(lab.GUEST, ["-q", "busybox", "stty", "size"], dimensions=(43, 132))
    child.expect("43 132\r+\n")
    child.expect(pexpect.EOF)


def test_guest_on_a_terminal_gives_a_terminal():
    child = spawn(lab.GUEST, ["-q", "--", lab.program("tell")])
    child.expect("0: device, terminal\r\n1: device, terminal\r\n2: device, terminal\r\nto standard error\r\n")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_guest_restores_the_terminal_and_passes_keys():
    child = spawn("sh", ["-c", f"stty -a > before; {lab.GUEST} -q cat; stty -a > after; cmp before after && echo same"],
                  env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    child.sendline("typed in")
    child.expect("typed in\r\n.*typed in\r\n")    # typed before the guest was up, so the host echoed it too
    child.send("\x04")    # the guest's terminal makes an end of file of it
    child.expect("same")
    for name in ("before", "after"):
        os.unlink(os.path.join(lab.ROOT, name))


def test_ctrl_a_x_ends_a_guest():
    child = spawn(lab.GUEST, ["-q", "--", lab.program("end"), "never"])
    child.expect(pexpect.TIMEOUT, timeout=2)
    child.send("\x01x")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130


def test_gdb_stops_at_reset_in_the_kernel_and_shows_the_source(gdb):
    output = gdb(["info registers rip", "break kmain", "continue", "frame", "list", "backtrace 1"])
    assert "0xfff0" in output
    assert "Breakpoint 1, kmain" in output and "kernel/main.c:" in output


def test_gdb_stops_in_a_program_by_source_line(gdb):
    output = gdb(["break main", "continue", "frame", "info source", "mm pt &main", "next", "frame"], "vmrss")
    assert "user/demo/vmrss.c:" in output
    assert "PML4E [  0]" in output and "=> phys" in output


def test_gdb_takes_breakpoints_later_too(gdb):
    output = gdb(["break kmain", "continue", "delete", "mm sym malloc1", "break fault if $cr3 != 0", "continue",
                  "backtrace 3", "mm pt $rsp"], "malloc1")
    assert "fault (" in output and "kernel/mm/fault.c" in output
