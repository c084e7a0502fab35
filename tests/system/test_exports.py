# SPDX-License-Identifier: MIT
"""scripts/export: each format is opened by the viewer it is made for, which must find the numbers that the recording has."""

import base64
import json
import os
import re
import subprocess

import pytest

import browser
import lab
import recording
import traceevents

EXPORT = os.path.join(lab.ROOT, "scripts", "export")
VIEWERS = os.path.join(lab.BUILD, "npm", "node_modules")
DHAT_VIEWER = "/usr/libexec/valgrind/dh_view.html"
GIB = 1 << 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "vmrss"
    recording.SCHEMA.write(path, recording.small_program())
    return path


def export(kind, path, *options):
    return subprocess.run([EXPORT, kind, str(path), *options], capture_output=True, text=True, check=True).stdout


def test_ms_print_shows_the_peak_and_its_caller(folder, tmp_path):
    export("massif", folder, "-o", str(tmp_path / "massif.out"))
    shown = subprocess.run(["ms_print", str(tmp_path / "massif.out")], capture_output=True, text=True, check=True).stdout
    assert "(peak)" in shown
    peak = next(line for line in shown.splitlines() if "1,073,742,824" in line)
    # asked: 1 GiB and 1000; extra: the mapping's rounding and the small block's header; one page of stack
    assert [int(number.replace(",", "")) for number in peak.split()[2:]] == [GIB + 1000 + 4104 + 4096, GIB + 1000, 4104, 4096]
    assert re.search(rf"->100\.00% \(1,073,741,824B\) 0x{recording.main_of_vmrss():X}: main \(user/demo/vmrss\.c:\d+\)", shown)


def test_dh_view_counts_blocks_bytes_and_the_peak(folder, tmp_path):
    export("dhat", folder, "-o", str(tmp_path / "dhat.json"))
    with browser.open_page(DHAT_VIEWER) as page:
        page.driver.find_element("css selector", "input[type=file]").send_keys(str(tmp_path / "dhat.json"))
        shown = page.until("document.body.innerText.includes('Total:') && document.body.innerText")
    assert not page.errors
    assert "/bin/vmrss" in shown
    assert re.search(r"Total: *1,073,742,924 bytes \(100%.*\) in 3 blocks", shown)
    assert re.search(r"At t-gmax: 1,073,742,824 bytes \(100%\) in 2 blocks", shown)
    assert re.search(r"At t-end: *0 bytes .*in 0 blocks", shown)


def speedscopes_reading(path, tmp_path):
    """What the viewer made of a profile: it reads a local one from a script that hands it over, and saves its own form of it."""
    content = base64.b64encode(path.read_bytes()).decode()
    script = tmp_path / "profile.js"
    script.write_text(f'speedscope.loadFileFromBase64("{path.name}", "{content}")')
    index = os.path.join(VIEWERS, "speedscope", "dist", "release", "index.html")
    with browser.open_page(f"file://{index}#localProfilePath={script}") as page:
        page.until(f"document.title.includes({json.dumps(path.name)})")
        page.run("URL.createObjectURL = blob => { blob.text().then(text => { window.saved = text }); return '#' };"
                 "[...document.querySelectorAll('div')].filter(each => each.innerText.endsWith('Export')).pop().click()")
        saved = json.loads(page.until("window.saved"))
    assert not page.errors
    names = [frame["name"] for frame in saved["shared"]["frames"]]
    return saved["profiles"], names


@pytest.fixture(scope="module")
def speedscope():
    lab.make("npm")


@pytest.mark.parametrize("kind, weight, frames", [
    ("bytes", GIB + 1100, ["vmrss", "malloc", "mmap path", "top path"]),
    ("faults", 105, ["#PF zero", "#PF file", "[heap]", "[anon]", "brk", "mmap", "exec"]),
])
def test_speedscope_reads_collapsed_stacks(speedscope, folder, tmp_path, kind, weight, frames):
    path = tmp_path / f"{kind}.txt"
    path.write_text(export(kind, folder))
    (profile,), names = speedscopes_reading(path, tmp_path)
    assert profile["endValue"] - profile["startValue"] == weight
    assert set(frames) <= set(names)
    assert any(name.startswith("main vmrss.c:") for name in names)


def test_speedscope_reads_chromes_json(speedscope, folder, tmp_path):
    path = tmp_path / "chrome.json"
    path.write_text(export("chrome", folder))
    (profile,), names = speedscopes_reading(path, tmp_path)
    assert profile["name"] == "vmrss (pid 2), vmrss (tid 2)"
    assert {"brk", "mmap", "munmap", "write"} <= {name.split(" ")[0] for name in names}
    opened = [event for event in profile["events"] if event["type"] == "O"]
    assert len(opened) == 6 + 5 + 6    # operations, calls, faults


def test_chromes_slices_nest_and_arrows_lead_from_malloc_to_fault(folder):
    events = json.loads(export("chrome", folder))["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]
    open_until = []
    for event in slices:    # in order of their starts
        start, end = round(event["ts"] * 1000), round((event["ts"] + event["dur"]) * 1000)
        while open_until and open_until[-1] <= start:
            open_until.pop()
        assert not open_until or end <= open_until[-1], event
        open_until.append(end)
    starts = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert len(starts) == 3 and starts.keys() == ends.keys()    # the zero page, the first write, the folded hundred
    for identity, start in starts.items():
        maker = next(event for event in slices if event["ts"] == start["ts"] and event["cat"] == "malloc")
        assert maker["args"]["size"] == GIB
        assert next(event for event in slices if event["ts"] == ends[identity]["ts"])["name"].startswith("#PF zero")
    counters = [event["args"]["kB"] for event in events if event["ph"] == "C" and event["name"] == "resident kB"]
    assert max(counters) == 4 * 105


@pytest.mark.parametrize("program", ["vmrss", "isolate", "threads"])
def test_a_recording_follows_chromes_format(tmp_path, program):
    """Perfetto itself is in no package: this holds each event against the format, and follows the arrows as it does."""
    path = tmp_path / program
    subprocess.run([lab.GUEST, "-q", "--icount", "-t", "180", "--trace", str(path), program], capture_output=True, check=True)
    tracks, arrows, names = traceevents.read(json.loads(export("chrome", path)))
    assert all(("process_name", pid, pid) in names and ("thread_name", pid, tid) in names for pid, tid in tracks)
    assert program in names.values()
    assert len(arrows) >= 2
    for source, end in arrows:
        assert source["cat"] in ("malloc", "realloc", "mark", "call", "operation") and end["ts"] >= source["ts"]
        assert end["cat"] in ("fault", "fault_run", "call"), (source, end)
    if program == "threads":
        assert len(tracks) >= 3


@pytest.fixture(scope="module")
def swapped(tmp_path_factory):
    """A program that had more memory than its guest has RAM: (its recording, the faults for pages on the swap disk, what it had there)."""
    path = tmp_path_factory.mktemp("recording") / "beyond"
    lab.swapping(path)
    events = recording.SCHEMA.read(path)
    return (path, sum(event.name == "fault_end" and event.kind == "swapin" for event in events),
            [event.swap_kb for event in events if event.name == "rss"])


def test_what_is_swapped_is_a_counter_of_chromes(swapped):
    path, faults, kbs = swapped
    trace = json.loads(export("chrome", path))
    traceevents.read(trace)
    events = trace["traceEvents"]
    assert [event["args"]["kB"] for event in events if event["ph"] == "C" and event["name"] == "swapped kB"] == kbs and max(kbs) > 8 << 10
    assert sum(event["name"] == "#PF swapin" for event in events) == faults


def test_faults_for_pages_on_the_swap_disk_have_their_region(swapped):
    path, faults, _ = swapped
    lines = [line for line in export("faults", path).splitlines() if "#PF swapin" in line]
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == faults > 100
    assert not [line for line in lines if ";0x" in line]
    assert any("malloc;mmap;[anon];page_right beyond.c:" in line for line in lines)


@pytest.mark.parametrize("change, why", [
    (lambda event: event.pop("pid"), "a field is missing"),
    (lambda event: event.update(dur=1e9), "not nested"),
    (lambda event: event.update(ts=-1), "a time before the beginning"),
])
def test_the_reader_of_chromes_format_refuses(folder, change, why):
    trace = json.loads(export("chrome", folder))
    change([event for event in trace["traceEvents"] if event["ph"] == "X"][3])
    with pytest.raises(AssertionError):
        traceevents.read(trace)
        pytest.fail(why, pytrace=False)


def test_malloc_lab_replays_what_was_recorded(folder, tmp_path):
    path = tmp_path / "vmrss.rep"
    path.write_text(export("rep", folder))
    assert path.read_text().split("\n", 4)[4] == "a 0 100\na 1 1000\nf 0\na 2 1073741824\nf 2\nf 1\n"
    small = tmp_path / "small.rep"
    small.write_text(path.read_text().replace("1073741824", "200000"))
    done = subprocess.run([os.path.join(lab.BUILD, "root", "bin", "malloc-lab"), "-a", "classic", str(small)], capture_output=True,
                          text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  classic ", done.stdout, re.M)


def test_a_rep_file_is_a_recording_too(tmp_path):
    text = "268435456\n2\n5\n1\na 0 100\na 1 50\nr 0 300\nf 1\nf 0\n"
    (tmp_path / "x.rep").write_text(text)
    assert export("rep", tmp_path / "x.rep") == text
    massif = export("massif", tmp_path / "x.rep")
    assert [int(size) for size in re.findall(r"^mem_heap_B=(\d+)", massif, re.M)] == [0, 100, 150, 350, 300, 0]


def test_what_cannot_be_read_is_told_in_one_line(tmp_path):
    for arguments, told in ((["massif", str(tmp_path)], "no recording"), (["rep", "/nowhere.rep"], "No such file")):
        done = subprocess.run([EXPORT, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and told in done.stderr and done.stderr.count("\n") == 1


def test_what_a_real_program_asked_for_is_replayed_by_another_allocator(tmp_path):
    """leak asks for 64 KiB 256 times in a child and frees nothing; the program itself asks for nothing."""
    lab.guest(["leak"], options=("-q", "--icount", "--trace", str(tmp_path / "leak")))
    (tmp_path / "leak.rep").write_text(export("rep", tmp_path / "leak"))
    head, *lines = (tmp_path / "leak.rep").read_text().splitlines()
    assert lines[:3] == ["256", "256", "1"] and lines[3:] == [f"a {number} 65536" for number in range(256)]
    for allocator in ("first", "classic"):
        done = subprocess.run([os.path.join(lab.BUILD, "root", "bin", "malloc-lab"), "-a", allocator, str(tmp_path / "leak.rep")],
                              capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0 and "256 operations, at most 16384 KiB live" in done.stdout
    assert not re.search(r"init\.c|user/init", export("faults", tmp_path / "leak"))    # what the parent's program did is not leak's
    massif = export("massif", tmp_path / "leak")
    sizes = [int(size) for size in re.findall(r"^mem_heap_B=(\d+)", massif, re.M)]
    assert sizes == sorted(sizes) and sizes[-1] == 256 * 65536    # nothing is given back
    assert re.search(r"n0: \d+ 0x\w+: leak_blocks \(user/demo/leak\.c:\d+\)", massif)
    shown = json.loads(export("dhat", tmp_path / "leak"))
    assert [(point["tbk"], point["ebk"]) for point in shown["pps"]] == [(256, 256)]    # never freed
