# SPDX-License-Identifier: MIT
"""make live: the picture as text, against what the program and /proc say; and the screen itself, in a real terminal (tmux)."""

import os
import re
import shutil
import subprocess
import time

import pytest

import lab
import qemu
import screenshot

LIVE = os.path.join(lab.ROOT, "scripts", "live")
GROW = os.path.join(lab.BUILD, "tests", "ours", "grow")
SOCKET = f"faultline-test-{os.getpid()}"


def live(*words, **environment):
    return subprocess.run([LIVE, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=180, check=False,
                          env={**os.environ, **environment})


@pytest.fixture
def place(tmp_path):
    """The build by another name: its guest.ram leads to the guest of this test, whatever guests other tests start."""
    folder = tmp_path / "build"
    folder.mkdir()
    for name in os.listdir(lab.BUILD):
        if not name.startswith("guest.ram"):
            (folder / name).symlink_to(os.path.join(lab.BUILD, name))
    return folder


def published(place):
    return os.readlink(place / "guest.ram")


class Growing:
    """A guest that runs grow.c, one step a line."""

    def __init__(self, place, *options):
        self.process = subprocess.Popen([lab.GUEST, "-q", "--live", "-t", "300", *options, GROW], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, "B": str(place)})
        assert self.process.stdout.readline() == b"ready\n"
        self.memory = published(place)

    def step(self, word=b""):
        self.process.stdin.write(word + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


@pytest.fixture
def growing(place):
    one = Growing(place)
    yield one
    one.end()


def block_row(text):
    """(resident KiB, the marks) of the mapping of 64 pages."""
    found = re.search(r"^0x\w+ rw-p +256K +(\d+K|-) \[anon\] +([#+~.]+)$", text, re.MULTILINE)
    assert found, text
    return found.groups()


def test_the_picture_follows_the_program(growing):
    """Four steps of 16 pages: the row fills from the left, the counters grow by as much, the frames have the letter a."""
    seen = []
    for steps in range(4):
        if steps:
            assert growing.step() == f"{steps * 16} pages\n".encode()
        shown = live(growing.memory, "--once", "--size", f"{51 + 64}x40")    # a cell is a page
        assert shown.returncode == 0, shown
        text = shown.stdout
        resident, marks = block_row(text)
        assert marks == "#" * (16 * steps) + "." * (64 - 16 * steps)
        assert resident == (f"{64 * steps}K" if steps else "-")
        row = re.search(r"^> +2  grow +(\d+) K +(\d+) K +(\d+)  /\S+/grow$", text, re.MULTILINE)
        anon = re.search(r"a anon (\d+)", text)
        seen.append([int(row[1]), int(row[2]), int(row[3]), int(anon[1])])
        assert int(row[2]) == sum(int(kib) for kib in re.findall(r"^0x\w{12} \S{4} +\d+K +(\d+)K ", text, re.MULTILINE))
    for before, after in zip(seen, seen[1:]):
        assert after[0] == before[0] and after[1] - before[1] >= 64 and after[3] - before[3] >= 16
        assert after[2] - before[2] >= 16    # (and a page of stdio's, once)
    assert seen[3][1] - seen[1][1] == 128 and seen[3][3] - seen[1][3] == 32 and seen[3][2] - seen[1][2] == 32
    assert len(text.splitlines()) <= 40 and re.search(r"RAM 127.\d\dM = (\d+) frames, \d+ in use, \d+ free", text)
    assert re.search(r"^0x0\w{8} .*K{3}.*A{3}", text, re.MULTILINE)


def test_pages_on_the_swap_disk(place):
    """They have no frame, so they are neither resident nor marked in the map; they are not merely promised either."""
    one = Growing(place, "--swap", "16")
    try:
        one.step()
        one.step()
        before = live(one.memory, "--once", "--size", "115x40").stdout
        assert block_row(before) == ("128K", "#" * 32 + "." * 32) and "swap disk" not in before
        assert one.step(b"out") == b"out: 0\n"
        text = live(one.memory, "--once", "--size", "115x40").stdout
        assert block_row(text) == ("64K", "~" * 16 + "#" * 16 + "." * 32)
        assert "# resident  + partly  ~ on the swap disk  . promised" in text
        rss, swap = map(int, re.search(r"^> +2  grow +\d+ K +(\d+) K +(\d+) K +\d+  /\S+/grow$", text, re.MULTILINE).groups())
        assert swap == 64 and rss == sum(int(kib) for kib in re.findall(r"^0x\w{12} \S{4} +\d+K +(\d+)K ", text, re.MULTILINE))
        anon = [int(re.search(r"a anon (\d+)", shown)[1]) for shown in (before, text)]
        assert anon[0] - anon[1] == 16
        assert "~ 在交换盘上" in live(one.memory, "--once", "--size", "115x40", LANG="zh_CN.UTF-8").stdout
    finally:
        one.end()


def test_every_size_and_another_process(growing):
    for size in ("80x24", "100x30", "200x60", "60x15", "20x5"):
        columns, lines = map(int, size.split("x"))
        shown = live(growing.memory, "--once", "--size", size)
        assert shown.returncode == 0, shown
        assert len(shown.stdout.splitlines()) <= lines and max(map(len, shown.stdout.splitlines())) <= columns
    shown = live(growing.memory, "--once", "--pid", "1").stdout
    assert re.search(r"^> +1  init ", shown, re.MULTILINE) and "pages of pid 1 init" in shown and "[stack]" in shown
    assert "no such process (any more)" in live(growing.memory, "--once", "--pid", "77").stdout


def test_more_memory_than_below_the_hole(place):
    one = Growing(place, "-m", "4096")
    try:
        one.step()
        shown = live(one.memory, "--once", "--size", "115x40")
        assert shown.returncode == 0 and block_row(shown.stdout)[1] == "#" * 16 + "." * 48, shown
        assert re.search(r"RAM [34]\.\d\dG = \d{6,7} frames", shown.stdout), shown
    finally:
        one.end()


def test_what_is_said_without_a_guest(place, tmp_path):
    def without(**environment):
        shown = live(**environment)
        assert shown.returncode == 1 and shown.stdout == ""
        return shown.stderr
    (tmp_path / "kernel.elf").write_bytes(b"")
    assert without(B=str(tmp_path)) == "live: no guest runs that could be watched: start one with make run, in another terminal\n"
    shown = live(str(tmp_path / "nothing"), "--once")
    assert shown.returncode == 1 and "no guest keeps its memory in" in shown.stderr
    one = Growing(place)
    shutil.copy(qemu.KERNEL, tmp_path / "kernel.elf")
    kernel = (tmp_path / "kernel.elf").read_bytes()
    (tmp_path / "kernel.elf").write_bytes(kernel.replace(b"page_alloc_order", b"page_alloc_other"))
    shown = live(one.memory, "--once", B=str(tmp_path))
    one.end()
    assert shown.returncode == 1 and "another kernel than the one in build/" in shown.stderr, shown
    assert live(one.memory, "--once").returncode == 1


@pytest.fixture(scope="module", autouse=True)
def no_terminal_stays():
    yield
    subprocess.run(["tmux", "-L", SOCKET, "kill-server"], capture_output=True, check=False)


class Terminal:
    """A terminal of its own, with the screen in it."""

    def __init__(self, command, width, height, name):
        self.name = name
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", name, "-x", str(width), "-y", str(height), command + "; read x")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", SOCKET, *words], capture_output=True, text=True, check=True, timeout=60).stdout

    def screen(self, colours=False):
        return self.tmux("capture-pane", "-p", "-t", self.name, *(["-e"] if colours else []))

    def wait(self, pattern, seconds=60):
        limit = time.monotonic() + seconds
        while not (found := re.search(pattern, self.screen(), re.MULTILINE)):
            assert time.monotonic() < limit, f"{pattern} never came:\n{self.screen()}"
            time.sleep(0.05)
        return found

    def press(self, *keys):
        self.tmux("send-keys", "-t", self.name, *keys)

    def end(self):
        self.tmux("kill-session", "-t", self.name)


@pytest.fixture
def terminal(growing):
    one = Terminal(f"{LIVE} {growing.memory}", 115, 30, "live")
    yield one
    one.end()


def test_the_screen(growing, terminal):
    """It moves by itself; the keys choose, scroll, hold and quit."""
    terminal.wait(r"^> +2  grow ")
    terminal.wait(r"^0x\w+ rw-p +256K +- \[anon\] +\.{63}")
    growing.step()
    terminal.wait(r"^0x\w+ rw-p +256K +64K \[anon\] +#{16}\.{47}")    # without a key
    assert "\x1b[32m" in terminal.screen(colours=True) or "\x1b[7m\x1b[32m" in terminal.screen(colours=True)
    terminal.press("p")
    terminal.wait(r"^> +1  init ")
    terminal.press("n")
    terminal.wait(r"^> +2  grow ")
    terminal.press("Space")
    terminal.wait(r"^HELD")
    growing.step()
    time.sleep(0.5)
    terminal.wait(r"256K +64K \[anon\]")
    terminal.press("Space")
    terminal.wait(r"256K +128K \[anon\] +#{32}\.{31}")
    terminal.tmux("resize-window", "-t", "live", "-x", "80", "-y", "20")
    terminal.wait(r"^0x\w+ rw-p +256K +128K \[anon\] +#+\+?\.{10,}$")
    terminal.press("j", "j")
    terminal.wait(r"regions.* 3-\d+ of \d+")
    terminal.press("k")
    terminal.wait(r"regions.* 2-\d+ of \d+")
    kept = os.path.join(lab.BUILD, "live.txt")
    with open(kept, "w", encoding="utf-8") as file:
        file.write(terminal.screen())
    terminal.press("q")
    limit = time.monotonic() + 60
    while "Faultline live" in terminal.screen():
        assert time.monotonic() < limit
        time.sleep(0.05)
    assert growing.step() == b"48 pages\n"    # the guest knows nothing of all this


def test_the_screen_ends_with_the_guest_and_obeys_no_color(growing):
    one = Terminal(f"NO_COLOR=1 {LIVE} {growing.memory}; echo status $?", 80, 24, "end")
    one.wait(r"^> +2  grow ")
    assert not re.search(r"\x1b\[3[1-7]m", one.screen(colours=True))
    growing.end()
    one.wait(r"^live: the guest has ended\nstatus 0$")
    one.end()


def test_the_screen_stands_a_guest_that_changes_all_the_time(place):
    """Processes come and go while they are looked at: structures are caught half-way, the picture goes on.

    A fast machine ends malloc1 before a picture of it is done; sleep stands still long enough for one.
    """
    busy = "echo ready; while :; do for i in 1 2 3 4 5; do malloc1 >/dev/null; ls / | cat >/dev/null; done; sleep 0.2; done"
    guest = subprocess.Popen([lab.GUEST, "-q", "--live", "-t", "180", "sh", "-c", busy], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             env={**os.environ, "B": str(place)})
    assert guest.stdout.readline() == b"ready\n"
    one = Terminal(f"{LIVE} {published(place)}", 100, 30, "busy")
    seen = set()
    one.wait(r"^> +\d+  ")
    end = time.monotonic() + 90    # a busy machine shows each process for longer
    for look in range(400):
        seen.add(one.wait(r"^> +(\d+)  ")[1])
        if len(seen) > 3 and look >= 30 or time.monotonic() > end:
            break
        time.sleep(0.1)
    assert "Faultline live" in one.screen() and "Traceback" not in one.screen()
    one.end()
    guest.kill()
    guest.wait()
    guest.stdout.close()
    assert len(seen) > 3, seen


def test_a_terminal_of_make_run_can_be_watched(place):
    """`make run` publishes its memory: through GRUB, at the prompt. The picture needs no other word to find it."""
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(os.path.join(lab.ROOT, "scripts", "run"), timeout=180, env={**os.environ, "B": str(place)})
    child.expect("# ")
    assert published(place).startswith(f"/proc/{child.pid}/fd/")
    shown = live("--once", B=str(place))
    child.send("\x01x")
    child.expect(pexpect.EOF)
    assert shown.returncode == 0 and re.search(r"^> +\d+  sh ", shown.stdout, re.MULTILINE), shown


def reversed_cells(text, letter):
    """How many cells of the map with that letter are the chosen process's."""
    return sum(found == letter and 7 in attributes for line in screenshot.lines_of(text) for found, attributes in line)


def test_pictures_to_look_at(growing):
    """Both languages, both usual sizes, the explanation: kept as build/live-*.png. What lights up are the frames that it touches."""
    one = Terminal(f"{LIVE} {growing.memory}", 80, 24, "pictures")
    try:
        one.wait(r"^> +2  grow ")
        one.wait(r"^ n p process .* h help  q quit ?$")
        before = reversed_cells(one.screen(colours=True), "a")
        for _ in range(3):
            growing.step()
        one.wait(r"256K +192K \[anon\]")
        assert reversed_cells(one.screen(colours=True), "a") > before
        for width, height in ((80, 24), (120, 40)):
            one.tmux("resize-window", "-t", one.name, "-x", str(width), "-y", str(height))
            for language, title in (("en", "^Faultline live .* free$"), ("zh", "^Faultline 实时画面 .*空闲 \\d+$")):
                one.wait(title)
                keep(one, width, height, language)
                one.press("h")
                one.wait(r"^Any key goes back|^按任意键返回")
                keep(one, width, height, f"help-{language}")
                one.press("x")
                one.wait(title)
                one.press("l")
    finally:
        one.end()


def keep(terminal, width, height, name):
    end = time.monotonic() + 60
    while True:    # until it has noticed how large the window is
        terminal.wait(r"q (quit|退出) *$")
        text = terminal.screen(colours=True).rstrip("\n")
        if len(screenshot.lines_of(text)) == height or time.monotonic() > end:
            break
    assert len(screenshot.lines_of(text)) == height
    path = os.path.join(lab.BUILD, f"live-{width}x{height}-{name}.png")
    screenshot.take(text, width, height, path)
    with open(path, "rb") as file:
        head = file.read(24)
    assert (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) == (width * screenshot.CELL, height * screenshot.LINE)


def test_chinese_by_the_environment(growing):
    shown = live(growing.memory, "--once", LANG="zh").stdout
    assert re.search(r"^Faultline 实时画面   内存 127.\d\dM = \d+ 个页框，已用 \d+，空闲 \d+$", shown, re.MULTILINE)
    assert re.search(r"^进程 2 grow 的页：\d+ 个区域", shown, re.MULTILINE)
