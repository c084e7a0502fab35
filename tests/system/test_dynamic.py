# SPDX-License-Identifier: MIT
"""Programs as they are linked elsewhere: dynamic and static, position-independent or not, glibc and musl; and Debian's own,
which nobody here built. What they print, and where everything lies, is what Linux says."""

import os
import re
import shutil
import subprocess

import pytest

import lab

LINKAGES = {
    "glibc dynamic": ["gcc"],
    "glibc dynamic, not PIE": ["gcc", "-no-pie"],
    "glibc static": ["gcc", "-static"],
    "glibc static-pie": ["gcc", "-static-pie"],
    "glibc static-pie, 2 MiB pages": ["gcc", "-static-pie", "-Wl,-z,max-page-size=0x200000"],
    "glibc dynamic, 2 MiB pages": ["gcc", "-Wl,-z,max-page-size=0x200000"],
    "musl dynamic": ["musl-gcc"],
    "musl static": ["musl-gcc", "-static"],
}
LINKER_CACHE = "/etc/ld.so.cache"    # which the dynamic linker maps and unmaps again: it moves what comes after
KERNELS = re.compile(r"\[(?:vvar|vvar_vclock|vdso)\]$")


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """linked(linkage, sources...) => the path of the program, made once."""
    folder, made = tmp_path_factory.mktemp("linked"), {}

    def link(linkage, *sources):
        key = (linkage, sources)
        if key not in made:
            made[key] = str(folder / f"program{len(made)}")
            subprocess.run([*LINKAGES[linkage], "-g", "-Og", "-w", "-D_GNU_SOURCE", "-fno-builtin-malloc", "-Iuser/demo/lib",
                            "-Itests/guest", "-idirafter", os.path.join(lab.BUILD, "include"), "-o", made[key], *sources],
                           cwd=lab.ROOT, check=True)
        return made[key]

    return link


def files(*paths):
    return [word for path in paths if os.path.exists(path) for word in ("-f", path)]


def own_rows(text):
    """The rows of maps without device and inode and without the kernel's own, whose number and size differ between
    kernels; what lies below those is moved up by what they take."""
    rows = [re.match(r"(\w+)-(\w+) (.... \w+) \S+ \S+ *(.*)", line).groups() for line in text.splitlines()]
    kernels = [(int(start, 16), int(end, 16)) for start, end, _, name in rows if KERNELS.search(name)]
    taken = sum(end - start for start, end in kernels)
    lowest, middle = min(kernels)[0], 0x7f0000000000

    def moved(address):
        return int(address, 16) + (taken if middle < int(address, 16) <= lowest else 0)

    return [f"{moved(start):x}-{moved(end):x} {rest} {name}" for start, end, rest, name in rows if not name.startswith("[v")]


@pytest.mark.parametrize("linkage", [name for name in LINKAGES if name != "glibc static-pie, 2 MiB pages"])
def test_maps_are_linux_maps(linked, linkage):
    words = [linked(linkage, "tests/system/programs/maps.c")]
    expected = lab.linux(words)
    result = lab.guest(words, options=["-q", *files(LINKER_CACHE)])
    assert own_rows(result.stdout.decode()) == own_rows(expected.stdout.decode())
    assert (result.returncode, expected.returncode) == (0, 0)


def test_maps_of_an_aligned_static_pie_are_linux_maps(linked):
    """The rows that exec made: where an alignment of 2 MiB puts them, the size of the kernel's rows does not matter."""
    words = [linked("glibc static-pie, 2 MiB pages", "tests/system/programs/maps.c")]
    expected, got = ([re.sub(r" \w+:\w+ \d+ +", " ", line) for line in run(words).stdout.decode().splitlines()
                      if line < "7ffff7f" and words[0] in line or "[heap]" in line] for run in (lab.linux, lab.guest))
    assert got == expected and len(got) >= 6


def test_the_kernels_rows_are_those_of_linux_6_1(linked):
    rows = lab.guest([linked("musl static", "tests/system/programs/maps.c")]).stdout.decode()
    assert re.search(r"^7ffff7ff9000-7ffff7ffd000 r--p 00000000 00:00 0 +\[vvar\]\n"
                     r"7ffff7ffd000-7ffff7fff000 r-xp 00000000 00:00 0 +\[vdso\]$", rows, re.MULTILINE), rows


HELPERS = [f"user/demo/lib/{name}.c" for name in ("child", "demo", "look")]


@pytest.mark.parametrize("linkage", [name for name in LINKAGES if "2 MiB" not in name])
def test_time_without_a_system_call(linked, linkage):
    words = [linked(linkage, "user/demo/vdso.c", *HELPERS)]
    expected, result = lab.linux(words), lab.guest(words, options=[])
    assert result.stdout == expected.stdout
    for name in ("gettimeofday", "time", "clock_gettime"):
        assert re.search(rf"^  {name} +20 rounds:  0 system calls, instructions in \[vdso\]: yes$", result.stdout.decode(),
                         re.MULTILINE), result.stdout.decode()
    assert "ledger: balanced" in lab.log_of(result)


def test_real_time_is_set(linked):
    """In the guest only. The vDSO tells the new time at once, in other processes too; the monotonic clock goes on."""
    result = lab.guest([linked("glibc dynamic", "tests/system/programs/settime.c")])
    assert (result.stdout.decode(), result.returncode) == ("set, seen by the child, monotonic goes on\n", 0)


@pytest.mark.parametrize("linkage", ["glibc dynamic", "glibc static", "musl dynamic"])
@pytest.mark.parametrize("test", ["time_vdso", "proc_exec", "exec_script", "thread_spawn"])
def test_programs_of_the_tests_in_other_linkages(linked, linkage, test):
    words = [linked(linkage, f"tests/guest/{test}.c")]
    expected, result = lab.linux(words), lab.guest(words)
    assert expected.returncode == 0, expected.stdout.decode()
    assert (result.stdout.decode(), result.returncode) == (expected.stdout.decode(), 0)


def test_glibc_does_without_clone3(linked):
    """It asks for it before each thread and each posix_spawn, and goes on with clone."""
    result = lab.guest([linked("glibc dynamic", "tests/guest/thread_spawn.c")], options=["--append", "strace"])
    calls = re.findall(r"\] (syscall_435|clone)\(.*\) = (.*)$", lab.log_of(result), re.MULTILINE)
    asked = [at for at, (name, _) in enumerate(calls) if name == "syscall_435"]
    assert len(asked) >= 8 and all(calls[at][1] == "-1 ENOSYS" and calls[at + 1][0] == "clone" for at in asked), calls
    assert all(int(answer) > 0 for name, answer in calls if name == "clone")


# ---- Debian's own ----

BASH = r"""
x=5; for i in 1 2 3; do echo $((x + i)); done
(exit 3); echo "status $?"
printf 'b\na\n' | while read -r line; do echo "read $line"; done
echo "$(echo in a subshell)" > /tmp/file; cat < /tmp/file
case abc in a*) echo matched;; esac
trap 'echo trapped' USR1; kill -USR1 $$
cat <<END
here: ${#BASH_VERSION}
END
"$BASH" -c 'echo another; exit 7'; echo "status $?"
exit 5
"""
PYTHON = ("import json, os, re\n"
          "print(json.dumps({'a': [1, 2.5, None, {'b': 'c'}]}, sort_keys=True))\n"
          "print(re.findall(r'(\\w)(\\d+)', 'a1 b22 c333'), os.path.join('a', 'b'))\n"
          "open('/tmp/file', 'w').write('text' * 3000)\n"
          "print(os.stat('/tmp/file').st_size, len(open('/tmp/file').read()))\n"
          "os.remove('/tmp/file')\n"
          "pid = os.fork()\n"
          "if pid == 0: os._exit(3)\n"
          "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
          "raise SystemExit(4)\n")
SQL = ("create table t(a integer primary key, b text); insert into t(b) values('x'),('y'),('z');"
       "begin; delete from t where a = 2; rollback; update t set b = b || a; select * from t order by b desc;"
       "create index i on t(b); pragma integrity_check; select count(*), sqlite_version() from t;")
LUA = ("local t = {} for i = 1, 10000 do t[i] = i * 2 end; collectgarbage();"
       "print(_VERSION, #t, t[5000], ('ab'):rep(3), string.format('%.3f', math.pi));"
       "local f = io.open('/tmp/file', 'w'); f:write('line\\n'); f:close(); for l in io.lines('/tmp/file') do print(l) end;"
       "os.remove('/tmp/file'); os.exit(6)")
HELLO = '#include <stdio.h>\nint main(void)\n{\n    printf("hello %d\\n", 6 * 7);\n    return 9;\n}\n'
TCC_NEEDS = ["/usr/lib/x86_64-linux-gnu/tcc", "/usr/include/stdio.h", "/usr/include/features.h", "/usr/include/features-time64.h",
             "/usr/include/stdc-predef.h", *(f"/usr/include/x86_64-linux-gnu/{name}" for name in ("bits", "gnu", "sys")),
             *(f"/usr/lib/x86_64-linux-gnu/{name}" for name in ("crt1.o", "crti.o", "crtn.o", "libc.so", "libc_nonshared.a",
                                                               "libc.so.6", "ld-linux-x86-64.so.2"))]


def python_modules(*more):
    """The files that the Python program reads, compiled ones too: all of /usr/lib/python3 would be 50 MB."""
    code = f"import json, os, re, sys{''.join(', ' + name for name in more)}\nfor m in sys.modules.values():\n  print(getattr(m, '__file__', ''), m.__spec__ and m.__spec__.cached or '')"
    listed = subprocess.run(["/usr/bin/python3", "-I", "-c", code], capture_output=True, text=True, check=True)
    return sorted({word for word in listed.stdout.split() if word.startswith("/")})


def both(words, options=(), **more):
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed: scripts/doctor names its package")
    words = [os.path.abspath(shutil.which(words[0])), *words[1:]]
    expected, result = lab.linux(words, **more), lab.guest(words, options=options, **more)
    assert result.stdout.decode() == expected.stdout.decode(), lab.log_of(result)
    assert result.returncode == expected.returncode
    assert "ledger: balanced" in lab.log_of(result)
    return result


@pytest.mark.parametrize("words", [["cat"], ["sort", "-r"], ["wc"], ["sha256sum"], ["head", "-n2"], ["tr", "a-z", "A-Z"],
                                   ["cut", "-c2-4"], ["od", "-c"], ["tac"], ["uniq", "-c"], ["grep", "-n", "e"],
                                   ["sed", "s/e/E/g"], ["seq", "3"], ["expr", "6", "*", "7"], ["basename", "/a/b.c", ".c"],
                                   ["false"]], ids=" ".join)
def test_small_tools(words):
    both(words, stdin=b"one\ntwo\ntwo\nthree\n")


def test_ls():
    both(["ls", "-1", "tests/guest"], ["-f", os.path.join(lab.ROOT, "tests", "guest")], cwd=lab.ROOT)


def test_bash():
    result = both(["bash", "-c", BASH])
    assert b"trapped" in result.stdout and result.returncode == 5


def test_a_script_brings_its_interpreter(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/bash -e\necho \"$0 $#: $1\"\nfalse\necho not reached\n")
    script.chmod(0o755)
    result = both([str(script), "an argument"])
    assert (result.stdout.decode(), result.returncode) == (f"{script} 1: an argument\n", 1)


def test_python():
    both(["/usr/bin/python3", "-I", "-c", PYTHON], ["-m", "256", *files(*python_modules())])


THREADS = ("import threading, queue\n"
           "q, total, lock = queue.Queue(), [0], threading.Lock()\n"
           "def work():\n"
           "  for i in iter(q.get, None):\n"
           "    with lock: total[0] += i\n"
           "ts = [threading.Thread(target=work) for _ in range(4)]\n"
           "[t.start() for t in ts]; [q.put(i) for i in range(2000)]; [q.put(None) for _ in ts]; [t.join() for t in ts]\n"
           "e = threading.Event(); threading.Timer(0.05, e.set).start(); print(total[0], e.wait(5), threading.active_count() <= 2)\n"
           "b = threading.Barrier(3); [threading.Thread(target=b.wait).start() for _ in range(2)]; print(b.wait() in range(3))\n")


def test_python_with_threads():
    modules = python_modules("queue", "threading")
    both(["/usr/bin/python3", "-I", "-c", THREADS], ["-m", "256", *files(*modules)])


def test_sqlite():
    both(["sqlite3", ":memory:", SQL])


def test_sqlite_on_a_file(tmp_path):
    both(["sqlite3", "test.db", SQL], cwd=tmp_path)


def test_sqlite_processes_keep_each_other_out(tmp_path):
    """Three processes count in one file; then one holds its lock while another is refused."""
    folder = tmp_path / "files"
    script = f"""PATH=/usr/bin:/bin; mkdir -p {folder}; cd {folder}; mkfifo go
sqlite3 t.db 'create table n(v); insert into n values(0)'
count() {{ for i in 1 2 3 4 5; do sqlite3 -cmd '.timeout 30000' t.db 'update n set v = v + 1'; done; }}
count & count & count & wait; sqlite3 t.db 'select v from n'
(echo 'begin exclusive;'; echo .print locked; read -r < go; echo 'commit;') | sqlite3 t.db > said & last=$!
until grep -q locked said; do sleep 0.05; done
sqlite3 t.db 'update n set v = 0' 2>&1; echo "status $?"; echo > go; wait $last
sqlite3 t.db 'update n set v = 7; select v from n'; cd ..; rm -r files"""
    result = both(["bash", "-c", script], files(*(f"/usr/bin/{name}" for name in ("sqlite3", "mkfifo"))))
    assert b"15\n" in result.stdout and b"locked" in result.stdout


def test_lua():
    both(["lua5.4", "-e", LUA])


@pytest.mark.parametrize("way", ["run", "link"])
def test_tcc(way, tmp_path):
    """Compiles and runs hello world, in memory and by way of a file."""
    source = tmp_path / "hello.c"
    source.write_text(HELLO)
    options = files(*TCC_NEEDS, str(source))
    if way == "run":
        result = both(["tcc", "-run", str(source)], options)
    else:
        options += files("/usr/bin/tcc")
        result = both(["bash", "-c", f"/usr/bin/tcc -o {tmp_path}/hello {source} && {tmp_path}/hello"], options)
    assert (result.stdout, result.returncode) == (b"hello 42\n", 9)
