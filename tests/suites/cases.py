# SPDX-License-Identifier: MIT
"""The cases of scripts/suites: a script for bash each, with the programs and files that it needs beside busybox. prepare: what is
done on this machine first, with the programs `tools`, in the folder that both begin in.

parse makes of what a case printed a dictionary: the single tests' names and their outcomes."""

import glob
import os
import re
import subprocess
from collections import namedtuple
from xml.etree import ElementTree

Case = namedtuple("Case", "name script programs files package memory seconds parse status quick prepare tools")


def whole(text):
    return {"output": text}


def case(name, script, programs="", files=(), package="", memory=256, seconds=60, parse=whole, status=True, quick=False, prepare="", tools=""):
    programs = ["bash", *programs.split()]
    return Case(name, script, programs, list(files), package or programs[-1], memory, seconds, parse, status, quick, prepare, tools.split())


# ---- Python's own regression suite --------------------------------------------------------------------------------

PYTHON_FILES = ["/usr/lib/python3.11", *(f"/usr/lib/x86_64-linux-gnu/lib{name}" for name in (
    "ssl.so.3", "crypto.so.3", "sqlite3.so.0", "ffi.so.8", "readline.so.8", "ncursesw.so.6", "panelw.so.6", "db-5.3.so", "gdbm.so.6",
    "gdbm_compat.so.4", "bz2.so.1.0", "lzma.so.5", "crypt.so.1", "uuid.so.1", "gcc_s.so.1"))]
# Each module (or module:pattern, some of its tests; module:!pattern, all others) in a process of its own; its results as XML, between lines that cannot be taken for anything else.
PYTHON_SCRIPT = """set -f; for module in MODULES; do
  name=${module%%:*}; match=${module#$name}; match=${match#:}
  case $match in "") pick=;; !*) pick="-i ${match#!}";; *) pick="-m $match";; esac
  rm -f result.xml; echo "@@begin $module"
  timeout -k 5 $((LIMIT * ${slow:-1})) python3 -m test --junit-xml result.xml $pick $name </dev/null 2>&1; echo "@@status $module $?"
  [ -e result.xml ] && { cat result.xml; echo; }
  echo "@@end $module"
done"""


def python_results(text):
    found, text = {}, re.sub(r"@test_\d+_tmp", "@test_PID_tmp", text)
    for module, body in re.findall(r"@@begin (\S+)\n(.*?)@@end \1\n", text + "\n@@end unfinished\n", re.DOTALL):
        status = re.search(rf"@@status {re.escape(module)} (\d+)", body)
        xml = re.search(r"<testsuites.*</testsuites>", body, re.DOTALL)
        found[module] = "has results" if xml else f"status {status[1]}" if status else "did not end"
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
    python("futures", "test_concurrent_futures:*Thread* test_concurrent_futures:*ProcessPoolFork*"),
    python("multiprocessing", "test_multiprocessing_fork:*WithProcesses*"),
    python("subprocess", "test_subprocess test_shlex test_pipes test_cmd_line test_cmd_line_script", seconds=400),
    python("wait", "test_fcntl test_select test_poll test_selectors test_epoll test_ioctl"),
    python("terminal", "test_pty test_tty test_openpty test_readline test_curses test_getpass"),
    python("files", "test_tempfile test_shutil test_glob test_pathlib test_fileio test_file test_fileinput test_filecmp test_genericpath "
                    "test_posixpath test_bufio test_univnewlines"),
    python("io", "test_io test_largefile test_memoryio test_fileutils"),
    python("archives", "test_zipfile test_tarfile test_gzip test_bz2 test_lzma test_zlib test_mailbox test_dbm test_dbm_dumb test_shelve"),
    python("sqlite", "test_sqlite3"),
    python("asyncio", "test_asyncio"),
    python("sockets", "test_socket test_socketserver test_asyncore test_asynchat"),
    python("system", "test_sys test_site test_platform test_locale test_random test_uuid test_hashlib test_logging:!*listen* test_weakref"),
    python("quick", "test_fork1 test_epoll test_errno", seconds=60, quick=True),
    python("language", "test_dict test_list test_set test_unicode test_float test_long test_re test_json test_pickle test_generators"),
]


# ---- Debian's programs --------------------------------------------------------------------------------------------

LIB = "/usr/lib/x86_64-linux-gnu"


def libraries(*paths):
    """What those need that are not programs of the case: a directory given as a file brings none."""
    listing = subprocess.run(["ldd", *[path for path in paths if os.path.exists(path)]], capture_output=True, text=True, check=False).stdout
    return sorted(set(re.findall(r"=> (/\S+)", listing)))


def tap(text):
    """The Test Anything Protocol, program after program, each behind `@@ its name and status`."""
    found = {}
    for body, name, status in re.findall(r"((?:.*\n)*?)@@ (\S+) status (\d+)", text):
        found[name] = f"status {status}"
        for outcome, test, skip in re.findall(r"^(ok|not ok) \d+ ([^#\n]*?) *(# SKIP)?(?: .*)?$", body, re.MULTILINE):
            found[f"{name} {test}"] = "skipped" if skip else outcome
    return found


def debug_file(path):
    """Where Debian keeps the symbols of a library."""
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=False).stdout
    number = re.search(r"Build ID: (\w\w)(\w+)", notes)
    return f"/usr/lib/debug/.build-id/{number[1]}/{number[2]}.debug" if number else "/usr/lib/debug"


COREUTILS = r"""
printf 'one two\nthree\nfour\nthree\n' > a; printf '3\n1\n2\n' > n; mkdir d; : > e; export TZ=UTC
t() { echo "+ $*"; "$@" 2>&1; echo "= $?"; }
t arch; t b2sum a; t base32 a; t base64 a; t basename /x/y.c .c; t basenc --base16 a; t cat -A a; t chmod 640 a; t chmod u+x,g-r a
t cksum a; t comm n n; t cp -a a b; t cp -r d d2; t csplit -q a 3; t cat xx00 xx01; t cut -d' ' -f2 a
t date -u -d @86400 +%F_%T; t dd if=a of=o bs=2 count=3 status=none; t cat o; t dircolors -b; t dirname /x/y; t du -b a
t echo hi; t env -i A=1 env; t expand a; t expr 6 '*' 7; t factor 1234567890; t false; t fmt -w 5 a; t fold -w 4 a; t groups
t head -n 1 a; t head -c -3 a; t id; t install -m 755 a i; t join n n; t link a l; t ln -s a s; t readlink s; t realpath s; t logname
t ls -1 --color=never; t ls -ln --time-style=+ a s; t md5sum a; t mkdir -p p/q/r; t mkfifo f; t mktemp -u /tmp/fixed; t mv b c; t nice; t nice -n 5 nice
t nl a; t nohup true; t nproc --all --ignore=99; t numfmt --to=iec 123456789; t od -An -tx1 a; t paste n n; t pathchk x; t printenv HOME
t printf '%05d|%-5s|\n' 42 ab; t ptx -w 20 a; t pwd; t rm -r p; t rmdir d2; t seq 1 3 10; t sha1sum a; t sha224sum a; t sha256sum a; t sha384sum a; t sha512sum a
t shred -n 1 -u i; t shuf --random-source=a -i 1-3; t sleep 0.01; t sort -n n; t sort -u a; t split -l 2 a part; t cat partab; t stat -c '%n %s %F %a' a s f
t stdbuf -oL cat n; t sum a; t sync; t tac a; t tail -n 2 a; t tail -c +5 a; t tee t < n; t test -f a; t '[' -d d ']'; t timeout 0.1 sleep 5
t touch -d @100 e; t stat -c %Y e; t tr a-z A-Z < a; t true; t truncate -s 100 e; t stat -c %s e; t tsort n; t tty; t uname -s; t unexpand -a a; t uniq -c a; t unlink l
t wc a; t whoami; t chown 0:0 a; t chgrp 0 a; t mknod z p; t vdir --time-style=+ -n d; t dir; t df --output=target /tmp/none; t hostid -x; t pr -t -2 n; t users; t chroot / true
yes | head -n 2; t nice -n 19 sh -c 'nice'; t tail --pid=1 -n1 n; t ls /nonexistent; t cp a a; t mv x y; t cat d; t rm d; t mkdir d; t ln a a; t cmp a c; t diff n n
"""
COREUTILS_PROGRAMS = """arch b2sum base32 base64 basename basenc cat chgrp chmod chown chroot cksum comm cp csplit cut date dd df dir dircolors dirname du
echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt
od paste pathchk pr printenv printf ptx pwd readlink realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf sum sync
tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc whoami yes cmp diff sh"""


def blocks(text):
    """The commands of COREUTILS: each with its output and status."""
    return {command: output for command, output in re.findall(r"^\+ (.*)\n((?:.*\n)*?= \d+)$", text, re.MULTILINE)}


GO = r"""package main
import ("bufio"; "fmt"; "os"; "os/exec"; "runtime"; "sync"; "time"; "net")
func main() {
	var wait sync.WaitGroup; var lock sync.Mutex; total := 0
	for i := 0; i < 200; i++ { wait.Add(1); go func(n int) { defer wait.Done(); s := make([]byte, 10000); for k := range s { s[k] = byte(n) }
		lock.Lock(); total += int(s[n]); lock.Unlock(); time.Sleep(time.Millisecond) }(i) }
	wait.Wait(); runtime.GC(); fmt.Println("total", total)
	c := make(chan int); go func() { for i := 0; i < 1000; i++ { c <- i }; close(c) }(); sum := 0; for v := range c { sum += v }; fmt.Println(sum)
	select { case <-time.After(20 * time.Millisecond): fmt.Println("timer") }
	r, w, _ := os.Pipe(); go func() { fmt.Fprintln(w, "through a pipe"); w.Close() }(); line, _ := bufio.NewReader(r).ReadString('\n'); fmt.Print(line)
	out, err := exec.Command("/bin/echo", "child").Output(); fmt.Print(string(out), err, "\n")
	l, err := net.Listen("unix", "sock"); fmt.Println(err); go func() { s, _ := l.Accept(); fmt.Fprintln(s, "over a socket"); s.Close() }()
	s, err := net.Dial("unix", "sock"); fmt.Println(err); line, _ = bufio.NewReader(s).ReadString('\n'); fmt.Print(line)
	defer func() { fmt.Println("recovered:", recover()); os.Exit(3) }(); var p *int; *p = 1 }
"""
NODE = r"""
const fs = require('fs'), cp = require('child_process'), net = require('net');
const order = []; setTimeout(() => order.push('timer'), 30); setImmediate(() => order.push('immediate')); process.nextTick(() => order.push('tick'));
Promise.resolve().then(() => order.push('promise'));
fs.promises.writeFile('f', 'x'.repeat(100000)).then(() => fs.promises.stat('f')).then(s => console.log('size', s.size));
const server = net.createServer(c => { c.end('over a socket\n'); server.close(); }).listen('sock', () => {
  net.connect('sock').on('data', d => console.log(String(d).trim())).on('end', () => {
    cp.execFile('/bin/sh', ['-c', 'echo child; exit 4'], (e, out) => { console.log(out.trim(), e.code);
      console.log(order.filter(o => o != 'timer').join(' '), order.length); const { Worker } = require('worker_threads');
      new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true }).on('message', m => { console.log('worker', m); process.exitCode = 5; }); }); }); });
"""
RUBY = r"""
t = 4.times.map { |i| Thread.new { (1..1000).sum * i } }; puts t.sum(&:value)
r, w = IO.pipe; pid = fork { r.close; w.puts "child"; exit! 3 }; w.close; puts r.read; Process.wait pid; puts $?.exitstatus
require "socket"; a, b = UNIXSocket.pair; a.puts "pair"; puts b.gets; puts `echo shell`
trap("USR1") { puts "trapped" }; Process.kill("USR1", $$); sleep 0.05; GC.start; f = Fiber.new { Fiber.yield 1; 2 }; puts f.resume + f.resume
File.write("f", "a" * 50000); puts File.size("f"); require "tempfile"; Tempfile.create { |x| x.write "t"; x.flush; puts File.size(x.path) }; exit 7
"""
PERL = r"""
use strict; use threads; use Fcntl qw(:flock); use IO::Select; use Socket; use POSIX qw(:sys_wait_h);
my @t = map { my $n = $_; threads->create(sub { my $s = 0; $s += $_ * $n for 1..1000; $s }) } 1..4; my $sum = 0; $sum += $_->join for @t; print "$sum\n";
my $pid = fork; if (!$pid) { exit 3 } waitpid $pid, 0; print $? >> 8, "\n"; pipe my $r, my $w; if (!fork) { print $w "child\n"; exit } close $w; print <$r>; wait;
socketpair my $one, my $two, AF_UNIX, SOCK_STREAM, 0 or die $!; syswrite $one, "pair\n"; my $s = IO::Select->new($two); print scalar($s->can_read(1)), "\n" ? "ready\n" : ""; sysread $two, my $x, 100; print $x;
open my $f, ">", "f"; flock $f, LOCK_EX; print $f "x" x 5000; close $f; print -s "f", "\n"; local $SIG{ALRM} = sub { print "alarm\n" }; alarm 1; select undef, undef, undef, 3; print sprintf("%vd", $^V) ? "v\n" : "";
print join(",", sort map { sprintf "%s", $_ } glob "*"), "\n"; system "sh -c \"exit 5\""; print $? >> 8, "\n"; my @l = sort { $a <=> $b } map { ($_ * 7919) % 1000 } 1..2000; print "$l[0] $l[-1]\n"; exit 6;
"""
TCL = r"""
set f [open out w]; puts $f "text"; close $f; puts [file size out]; set p [open "|sort -r" r+]; puts $p "a\nb"; flush $p; close $p write; puts [read $p]
after 20 {set done timer}; vwait done; puts $done; puts [exec echo child]; catch {exec sh -c "exit 3"} m o; puts [lindex [dict get $o -errorcode] 2]; package require Thread 2
set t [thread::create]; puts [thread::send $t {expr 6*7}]; thread::release $t; exit 4
"""
OCAML = r"""
let () = print_endline (String.concat " " (List.map string_of_int (List.sort compare [3;1;2])));
  let t = Hashtbl.create 10 in for i = 1 to 100000 do Hashtbl.replace t (i mod 1000) i done; Printf.printf "%d\n" (Hashtbl.length t); Gc.compact (); exit 5
"""
SBCL = r"""(progn (print (loop for i below 100000 sum i)) (gc :full t) (print (handler-case (error "e") (error (c) (format nil "~a" c))))
 (let ((th (sb-thread:make-thread (lambda () (expt 2 100))))) (print (sb-thread:join-thread th))) (terpri)
 (print (handler-case (labels ((f (n) (+ 1 (f (+ n 1))))) (f 0)) (storage-condition () :exhausted))) (terpri) (sb-ext:exit :code 6))"""
GUILE = """(use-modules (ice-9 threads) (ice-9 popen) (ice-9 rdelim)) (let ((pid (primitive-fork))) (if (= pid 0) (primitive-exit 3)
(begin (display (status:exit-val (cdr (waitpid pid)))) (newline)))) (display (apply + (n-par-map 3 (lambda (x) (* x x)) (iota 100)))) (newline)
(let ((p (open-input-pipe "echo child"))) (display (read-line p)) (newline) (close-pipe p)) (gc)
(display (catch #t (lambda () (vector-ref (vector 1) 5)) (lambda (k . a) k))) (newline) (exit 7)"""
PHP = r"""echo array_sum(range(1, 1000)), "\n"; $p = proc_open(['sh', '-c', 'cat; exit 3'], [['pipe', 'r'], ['pipe', 'w']], $io); fwrite($io[0], "through\n"); fclose($io[0]);
echo stream_get_contents($io[1]); echo proc_close($p), "\n"; [$a, $b] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0); fwrite($a, "pair\n"); echo fgets($b);
file_put_contents('f', str_repeat('x', 50000), LOCK_EX); echo filesize('f'), "\n"; echo preg_replace('/(\w+)/', '<$1>', 'a b'), "\n"; $x = []; for ($i = 0; $i < 200000; $i++) $x[] = $i; echo count($x), "\n"; exit(4);"""
RUST = r"""use std::{sync::{mpsc, Arc, Mutex}, thread, time::Duration, process::Command, fs, os::unix::net::UnixStream, io::{Read, Write}};
fn main() { let m = Arc::new(Mutex::new(0)); let t: Vec<_> = (0..8).map(|i| { let m = m.clone(); thread::spawn(move || { for _ in 0..1000 { *m.lock().unwrap() += i } }) }).collect();
 for t in t { t.join().unwrap() } println!("{}", m.lock().unwrap()); let (s, r) = mpsc::channel(); thread::spawn(move || { thread::sleep(Duration::from_millis(10)); s.send("sent").unwrap() });
 println!("{}", r.recv().unwrap()); println!("{:?}", Command::new("sh").args(["-c", "exit 3"]).status().unwrap().code()); fs::write("f", "text").unwrap(); println!("{}", fs::metadata("f").unwrap().len());
 let (mut a, mut b) = UnixStream::pair().unwrap(); a.write_all(b"pair").unwrap(); drop(a); let mut t = String::new(); b.read_to_string(&mut t).unwrap(); println!("{t}");
 println!("{}", thread::spawn(|| { if true { panic!("thrown") } }).join().is_err()); std::process::exit(9) }"""
JAVA = r"""import java.util.*; import java.util.concurrent.*; import java.nio.file.*;
public class T { public static void main(String[] a) throws Exception { ExecutorService e = Executors.newFixedThreadPool(4); List<Future<Integer>> f = new ArrayList<>();
 for (int i = 0; i < 20; i++) { int n = i; f.add(e.submit(() -> n * n)); } int s = 0; for (Future<Integer> x : f) s += x.get(); e.shutdown(); System.out.println(s);
 Files.write(Path.of("f"), "text".getBytes()); System.out.println(Files.size(Path.of("f"))); byte[][] m = new byte[50][]; for (int i = 0; i < 500; i++) m[i % 50] = new byte[200000]; System.gc();
 try { Object o = null; o.hashCode(); } catch (NullPointerException n) { System.out.println("null"); } try { deep(0); } catch (StackOverflowError n) { System.out.println("deep"); }
 Process p = new ProcessBuilder("/bin/sh", "-c", "echo child; exit 3").start(); System.out.print(new String(p.getInputStream().readAllBytes())); System.out.println(p.waitFor()); System.exit(4); }
 static int deep(int n) { return deep(n + 1) + 1; } }"""
C_PROGRAM = r"""
cat > main.c <<'END'
#include <stdio.h>
#include <stdlib.h>
int twice(int);
int main(void) { char *p = malloc(100); snprintf(p, 100, "%d", twice(21)); puts(p); free(p); return 9; }
END
echo 'int twice(int n) { return 2 * n; }' > twice.c
printf 'all: program\nprogram: main.o twice.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -O2 -g -c -o $@ $<\nclean:\n\trm -f *.o\n' > Makefile
make -j2 2>&1 | sort; ./program; echo $?; make; touch twice.c; make; objdump -d twice.o | grep -c ret; nm program | grep -c ' T '; strip program; ./program; readelf -h program | grep Type; ar rcs lib.a twice.o; ar t lib.a; make clean
"""
GCC = "/usr/lib/gcc/x86_64-linux-gnu/12"
GCC_FILES = [f"{GCC}/{name}" for name in ("cc1", "collect2", "lto-wrapper", "liblto_plugin.so", "crtbegin.o", "crtbeginS.o", "crtend.o", "crtendS.o", "libgcc.a",
             "libgcc_s.so", "include")] + ["/usr/include/stdio.h", "/usr/include/stdlib.h", "/usr/include/alloca.h", "/usr/include/endian.h", "/usr/include/linux", "/usr/include/asm-generic", "/usr/include/features.h", "/usr/include/features-time64.h",
             "/usr/include/stdc-predef.h", f"{LIB}/libgcc_s.so.1", f"{LIB}/libc.so", f"{LIB}/libc_nonshared.a", f"{LIB}/crti.o", f"{LIB}/crtn.o", f"{LIB}/Scrt1.o",
             f"{LIB}/libc.so.6", "/lib64/ld-linux-x86-64.so.2", *(f"/usr/include/x86_64-linux-gnu/{name}" for name in ("asm", "bits", "gnu", "sys"))]
GIT = r"""
export GIT_AUTHOR_DATE='@100 +0000' GIT_COMMITTER_DATE='@100 +0000' GIT_CONFIG_NOSYSTEM=1; git config --global user.name N; git config --global user.email e@x; git config --global init.defaultBranch main
git init -q r; cd r; for i in 1 2 3; do echo $i > f$i; git add .; git commit -qm "c$i"; done; git log --oneline; git checkout -qb other HEAD~1; echo x > f1; git commit -qam x; git merge -q main -m m; git log --graph --oneline
git gc -q; git fsck; git count-objects -v | grep -v size; git diff HEAD~1 --stat; cd ..; git clone -q r s 2>&1; cd s; git status -sb; git stash list; git grep -n x; git archive HEAD | tar t; git blame f1
"""
ARCHIVES = r"""
mkdir d; for i in $(seq 200); do seq $i $((i * 37)) > d/$i; done; ln -s 1 d/link; ln d/2 d/hard; tar cf t.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner d; sha256sum t.tar
for c in "gzip -n" "bzip2" "xz -T2 --block-size=65536" "zstd -q -T2" "lz4 -q"; do $c < t.tar > t.c; $c -d < t.c | cmp - t.tar && echo "$c $(test $(stat -c %s t.c) -lt $(stat -c %s t.tar) && echo smaller)"; done
mkdir x; tar xf t.tar -C x; diff -r d x/d && echo same; tar tvf t.tar --numeric-owner | head -5; find d -newer t.tar | wc -l; find d -name '1*' -size -2k | sort | head -5; find d -type f -print0 | xargs -0 -P4 -n10 cat | wc -c; rm -r d x; ls
"""
UTIL = r"""
t() { echo "+ $*"; "$@" 2>&1; echo "= $?"; }
t flock -n lock echo held; flock lock sleep 0.5 & sleep 0.2; t flock -n lock echo no; wait; t setsid -w echo session; t taskset 1 echo pinned; t prlimit --nofile=64 sh -c 'ulimit -n'; t getopt -o ab: -- -a -b 1 x
t setpriv --no-new-privs echo priv; t nsenter --help; t rev lock; echo abc | rev; t colrm 2 3 < lock; t chrt -m; t ionice -p 1; t namei -x lock; t mountpoint /proc; t fallocate -l 5000 big; t stat -c %s big
t hexdump -C -n 4 big; t look --help; t column -t lock; echo x | sponge y; t cat y; t ifne echo; echo a | pee cat cat; t errno EPERM; t isutf8 y; t getconf PAGESIZE; t kill -l TERM; t mcookie -V; t cal 1 2000; t whereis -b none; t pidof none; t pgrep -c none
"""
VALGRIND_FILES = ["/usr/libexec/valgrind", "/usr/bin/valgrind.bin", *(debug_file(f"{LIB}/{name}") for name in ("ld-linux-x86-64.so.2", "libc.so.6"))]
BUSYBOX = r"""for w in "ash -c 'echo \$((6*7))'" "awk 'BEGIN{print 2^10}'" "bc -e 2" "cal 1 2000" "dc -e '2 3 + p'" "expr 1 + 1" "hexdump -C /dev/null" "md5sum /dev/null" "printf %d 5" "seq 3" "sha3sum /dev/null" "vi -c q /dev/null" "xxd /dev/null"; do
echo "+ $w"; eval "busybox $w" 2>&1 </dev/null; echo "= $?"; done"""
CXX = r"""#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <vector>
#include <thread>
int main() { std::atomic<int> n{0}; std::vector<std::thread> t; for (int i = 0; i < 8; i++) t.emplace_back([&] { for (int k = 0; k < 1000; k++) n++; }); for (auto &x : t) x.join(); std::cout << n << "\n";
 auto f = std::async(std::launch::async, [] { std::this_thread::sleep_for(std::chrono::milliseconds(10)); return 42; }); std::cout << f.get() << "\n"; try { throw std::runtime_error("thrown"); } catch (std::exception &e) { std::cout << e.what() << "\n"; }
 std::filesystem::create_directories("a/b"); std::cout << std::filesystem::exists("a/b") << std::filesystem::remove_all("a") << "\n"; std::map<int, std::string> m; for (int i = 0; i < 10000; i++) m[i * 7919 % 10007] = "x"; std::cout << m.size() << "\n"; return 3; }
"""
LEAK = r"""#include <stdlib.h>
#include <stdio.h>
int main(void) { char *p = malloc(10), *q = malloc(1000); q[0] = 1; free(q); puts("running"); return p[10] == 1; }
"""
JVM = "/usr/lib/jvm/java-17-openjdk-amd64"
GLIB_TESTS = "/usr/libexec/installed-tests/glib"
GLIB_NAMES = """array-test asyncqueue atomic base64 bitlock bytes cache checksum cond dataset date dir environment error file fileutils gdatetime hash hmac hook io-channel
iochannel-test keyfile list mainloop mappedfile markup-parse mem-overflow mutex node once onceinit option-context overflow pattern private queue rand rcbox rec-mutex refcount regex
relation rwlock scannerapi search-utils sequence shell slice slist sort spawn-multithreaded spawn-path-search spawn-singlethread strfuncs string thread thread-pool timeout timer tree unix utf8-misc
uri utils guuid async-close-output-stream buffered-input-stream cancellable contexts converter-stream data-input-stream g-file g-file-info gsubprocess io-stream memory-input-stream
pollable readwrite sleepy-stream socket socket-address stream-rw_all task unix-fd unix-streams vfs"""
GLIB = (f"export G_TEST_SRCDIR={GLIB_TESTS} G_TEST_BUILDDIR={GLIB_TESTS}\nfor t in {' '.join(GLIB_NAMES.split())}; do [ -x {GLIB_TESTS}/$t ] || continue\n"
        f"timeout 180 {GLIB_TESTS}/$t --tap </dev/null; s=$?; echo; echo \"@@ $t status $s\"; done")

PROGRAMS = [
    case("coreutils", COREUTILS, COREUTILS_PROGRAMS, ["/usr/libexec/coreutils"], parse=blocks, quick=True),
    case("util-linux", UTIL, "flock setsid taskset prlimit getopt setpriv nsenter rev colrm chrt ionice renice namei mountpoint fallocate hexdump look column sleep stat cat sponge ifne pee errno isutf8 combine getconf kill mcookie cal whereis pidof pgrep sh echo",
         package="moreutils ncal bsdextrautils", parse=blocks),
    case("archives", ARCHIVES, "tar gzip bzip2 xz zstd lz4 find xargs seq sha256sum cmp stat diff sort head wc cat rm ls ln mkdir", package="zstd lz4 bzip2 xz-utils", memory=512, seconds=120),
    case("git", GIT, "git git-upload-pack tar cat echo grep seq", ["/usr/share/git-core/templates"], package="git", memory=512, quick=True),
    case("gcc-and-make", C_PROGRAM, "gcc as ld make cat touch sort grep rm objdump nm strip readelf ar", GCC_FILES, package="gcc make", memory=768, seconds=120, quick=True),
    case("perl", f"perl -e '{PERL}'".replace("'\n", "'"), "perl sh", [f"{LIB}/perl-base", f"{LIB}/perl", "/usr/share/perl"], memory=512),
    case("ruby", f"cat > t.rb <<'END'\n{RUBY}\nEND\nruby t.rb", "ruby cat sh", ["/usr/lib/ruby", f"{LIB}/ruby"], memory=768),
    case("php", f"php -n -r '{PHP}'".replace("'sh', '-c', 'cat; exit 3'", '"sh", "-c", "cat; exit 3"').replace("'pipe', 'r'", '"pipe", "r"').replace("'pipe', 'w'", '"pipe", "w"')
         .replace("'f'", '"f"').replace("'x'", '"x"').replace("'/(\\w+)/', '<$1>', 'a b'", '"/(\\\\w+)/", "<\\$1>", "a b"'), "php cat sh", ["/usr/share/zoneinfo/UTC", "/usr/share/zoneinfo/zone.tab", "/usr/share/zoneinfo/tzdata.zi"], package="php-cli"),
    case("tcl", f"cat > t.tcl <<'END'\n{TCL}\nEND\ntclsh t.tcl", "tclsh cat sort echo sh", ["/usr/share/tcltk/tcl8.6", "/usr/lib/tcltk"], package="tcl"),
    case("guile", f"cat > t.scm <<'END'\n{GUILE}\nEND\nGUILE_AUTO_COMPILE=0 guile t.scm", "guile cat echo", ["/usr/share/guile/3.0", f"{LIB}/guile/3.0"], package="guile-3.0", memory=768, seconds=120),
    case("ocaml", f"cat > t.ml <<'END'\n{OCAML}\nEND\nocaml t.ml", "ocaml cat", glob.glob("/usr/lib/ocaml/*.cm[iao]"), package="ocaml-nox"),
    case("sbcl", f"cat > t.lisp <<'END'\n{SBCL}\nEND\nsbcl --noinform --disable-debugger --no-sysinit --no-userinit --load t.lisp", "sbcl cat", ["/usr/lib/sbcl"], memory=1536, seconds=120),
    case("node", f"cat > t.js <<'END'\n{NODE}\nEND\nnode t.js > out; s=$?; sort out; exit $s", "node cat sh sort", memory=1536, package="nodejs", seconds=120),
    case("java", f"{JVM}/bin/java -Xint -XX:+UseSerialGC -Xmx128m -cp . T", "sh", [JVM, "/etc/java-17-openjdk", *libraries(*glob.glob(f"{JVM}/lib/lib*.so"))], memory=2048,
         package="openjdk-17-jdk-headless", seconds=200, tools="javac", prepare=f"cat > T.java <<'END'\n{JAVA}\nEND\njavac T.java"),
    case("go", "./program", "echo sh", package="golang-go", tools="go", prepare=f"cat > t.go <<'END'\n{GO}\nEND\nHOME=$PWD CGO_ENABLED=0 go build -o program t.go; rm -rf .cache"),
    case("rust", "./program", "sh", package="rustc", tools="rustc", prepare=f"cat > t.rs <<'END'\n{RUST}\nEND\n/usr/bin/rustc -o program t.rs"),
    case("c++", "./program", package="g++", files=[f"{LIB}/libstdc++.so.6", f"{LIB}/libm.so.6"], tools="g++", prepare=f"cat > t.cc <<'END'\n{CXX}\nEND\ng++ -O1 -pthread -o program t.cc"),
    case("valgrind", "valgrind -q --error-exitcode=9 ./program 2>&1 | sed 's/==[0-9]*==/==PID==/;s/0x[0-9A-Fa-f]*/ADDRESS/'; echo ${PIPESTATUS[0]}; valgrind --tool=massif --massif-out-file=m -q ./program; grep -c snapshot= m", "valgrind grep sed", VALGRIND_FILES,
         memory=1024, seconds=120, tools="gcc", prepare=f"cat > t.c <<'END'\n{LEAK}\nEND\ngcc -g -o program t.c"),
    case("glib", GLIB, "timeout sed", [GLIB_TESTS, f"{LIB}/gconv", "/usr/share/zoneinfo", *libraries(f"{GLIB_TESTS}/task")], "libglib2.0-tests", 512, 300, tap),
    case("busybox", BUSYBOX, "busybox", package="busybox-static", parse=blocks),
]

# Run only when they are named: not all that differs in them has been looked at yet.
UNEXAMINED = {f"python-{name}" for name in ("futures", "multiprocessing", "subprocess", "wait", "terminal", "files", "io", "archives", "sqlite",
                                            "asyncio", "sockets", "system", "language")}
CASES = [*PYTHON, *PROGRAMS]
