# SPDX-License-Identifier: MIT
"""The cases of scripts/suites: a script for bash each, with the programs and files that it needs beside busybox.

parse makes of what a case printed a dictionary: the single tests' names and their outcomes."""

import re
from collections import namedtuple
from xml.etree import ElementTree

Case = namedtuple("Case", "name script programs files package memory seconds parse status quick")


def whole(text):
    return {"output": text}


def case(name, script, programs="", files=(), package="", memory=256, seconds=60, parse=whole, status=True, quick=False):
    programs = ["bash", *programs.split()]
    return Case(name, script, programs, list(files), package or programs[-1], memory, seconds, parse, status, quick)


# ---- Python's own regression suite --------------------------------------------------------------------------------

PYTHON_FILES = ["/usr/lib/python3.11", *(f"/usr/lib/x86_64-linux-gnu/lib{name}" for name in (
    "ssl.so.3", "crypto.so.3", "sqlite3.so.0", "ffi.so.8", "readline.so.8", "ncursesw.so.6", "panelw.so.6", "db-5.3.so", "gdbm.so.6",
    "gdbm_compat.so.4", "bz2.so.1.0", "lzma.so.5", "crypt.so.1", "uuid.so.1", "gcc_s.so.1"))]
# Each module in a process of its own; its results as XML, between lines that cannot be taken for anything else.
PYTHON_SCRIPT = """for module in MODULES; do
  rm -f result.xml; echo "@@begin $module"
  timeout -k 5 LIMIT python3 -m test --junit-xml result.xml $module </dev/null 2>&1; echo "@@status $module $?"
  [ -e result.xml ] && { cat result.xml; echo; }
  echo "@@end $module"
done"""


def python_results(text):
    found = {}
    for module, body in re.findall(r"@@begin (\S+)\n(.*?)@@end \1\n", text + "\n@@end unfinished\n", re.DOTALL):
        status = re.search(rf"@@status {module} (\d+)", body)
        found[module] = f"status {status[1]}" if status else "did not end"
        xml = re.search(r"<testsuites.*</testsuites>", body, re.DOTALL)
        for test in ElementTree.fromstring(xml[0]).iter("testcase") if xml else ():
            kinds = [kind for kind in ("failure", "error", "skipped") if test.find(kind) is not None]
            skipped = test.find("skipped")
            why = f": {skipped.text}" if skipped is not None else ""
            found[str(test.get("name"))] = f"{' '.join(kinds) or test.get('result')}{why}"
    return found


def python(name, modules, memory=1024, seconds=200, quick=False):
    script = PYTHON_SCRIPT.replace("MODULES", modules).replace("LIMIT", str(seconds))
    return case(f"python-{name}", script, "python3 timeout", PYTHON_FILES, "libpython3.11-testsuite", memory,
                seconds * len(modules.split()), python_results, quick=quick)


PYTHON = [
    python("os", "test_os"),
    python("posix", "test_posix test_stat test_pwd test_grp test_resource test_wait3 test_wait4 test_fork1 test_popen test_errno"),
    python("memory", "test_mmap test_gc test_array test_buffer test_memoryview test_bytes test_struct test_ctypes"),
    python("signal", "test_signal test_threadsignals test_faulthandler test_eintr test_time test_timeit"),
    python("threads", "test_threading test_thread test_queue test_threading_local test_threadedtempfile test_sched"),
    python("futures", "test_concurrent_futures"),
    python("multiprocessing", "test_multiprocessing_fork"),
    python("subprocess", "test_subprocess test_shlex test_pipes test_cmd_line test_cmd_line_script"),
    python("wait", "test_fcntl test_select test_poll test_selectors test_epoll test_ioctl"),
    python("terminal", "test_pty test_tty test_openpty test_readline test_curses test_getpass"),
    python("files", "test_tempfile test_shutil test_glob test_pathlib test_fileio test_file test_fileinput test_filecmp test_genericpath "
                    "test_posixpath test_bufio test_univnewlines"),
    python("io", "test_io test_largefile test_memoryio test_fileutils"),
    python("archives", "test_zipfile test_tarfile test_gzip test_bz2 test_lzma test_zlib test_mailbox test_dbm test_dbm_dumb test_shelve"),
    python("sqlite", "test_sqlite3"),
    python("asyncio", "test_asyncio"),
    python("sockets", "test_socket test_socketserver test_asyncore test_asynchat"),
    python("system", "test_sys test_site test_platform test_locale test_random test_uuid test_hashlib test_logging test_weakref"),
    python("language", "test_dict test_list test_set test_unicode test_float test_long test_re test_json test_pickle test_generators"),
]

CASES = [*PYTHON]
