# SPDX-License-Identifier: MIT
"""replay.py - a recording: a folder from which QEMU can repeat a run exactly, so that gdb can go back in it.

    recording.json   what ran, and how it ended
    kernel.elf       as they were: a build since then changes nothing
    initrd
    program.elf      the program, with its symbols (if it has any)
    events           what came in from outside: keys, pipes, the clock, each with the instruction at which it came
    snapshots        the machine's state at its first instruction: going back is going forth again from there
    swap             the swap disk, if there is one; it goes back with the snapshot

QEMU counts instructions (icount) while it records; the guest sees the same machine. Limits are QEMU's: one processor, and
no disk but that one. In a replay output goes to the folder, and input comes from `events`.
"""

import glob
import json
import os
import shutil
import socket
import subprocess

import qemu

DESCRIPTION, KERNEL, INITRD, PROGRAM, EVENTS, SNAPSHOTS, SWAP = (
    "recording.json", "kernel.elf", "initrd", "program.elf", "events", "snapshots", "swap")
# How a run ended, by QEMU's status. Ends where the kernel itself switches off can be found again by its code; the others
# only by counting instructions.
ENDINGS = {qemu.CLEAN: "clean", qemu.PANIC: "panic", qemu.LEDGER: "ledger", qemu.TRIPLE_FAULT: "reset"}
BY_THE_KERNEL = ("clean", "panic", "ledger")
PATIENCE = 600


class NoRecording(Exception):
    """Why there is nothing to replay, or nothing can be recorded."""


def symbols_of(program):
    """The file with the symbols of a program of the host or of the guest's /bin, None if nobody knows."""
    if os.path.isfile(program):
        return os.path.abspath(program)
    found = glob.glob(os.path.join(qemu.BUILD, "user", "**", os.path.basename(program) + ".elf"), recursive=True)
    return found[0] if found else None


class Recording:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.facts = {}
        self.memory = qemu.shared_memory()

    def path(self, name):
        return os.path.join(self.folder, name)

    @classmethod
    def begin(cls, folder, write_initrd, program, only_serial=False, **machine):
        """A folder ready for a run: write_initrd(file) writes what it starts with, `machine` what qemu.command() is told besides (swap: its size in MiB). only_serial: the guest
        has COM1 and nothing else, as a bare boot; else the three lines of console.Session."""
        self = cls(folder)
        if machine.get("cpus", 1) != 1:
            raise NoRecording("QEMU records one processor only: leave out -c")
        if machine.get("iso"):
            raise NoRecording("a boot through GRUB reads a disk, which is not recorded")
        if os.path.isdir(self.folder) and os.listdir(self.folder) and not os.path.exists(self.path(DESCRIPTION)):
            raise NoRecording(f"{folder} is not empty and no recording: name another folder")
        os.makedirs(self.folder, exist_ok=True)
        self.forget()
        shutil.copyfile(qemu.KERNEL, self.path(KERNEL))
        with open(self.path(INITRD), "wb") as file:
            write_initrd(file.fileno())
        if symbols := symbols_of(program[0]):
            shutil.copyfile(symbols, self.path(PROGRAM))
        try:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", self.path(SNAPSHOTS), "64M"], check=True)
            if machine.get("swap"):
                self.make_swap(machine["swap"])
        except FileNotFoundError:
            raise NoRecording("recording needs qemu-img (Debian: the package qemu-utils)") from None
        self.facts = {"only_serial": only_serial, "program": program, "executable": executable_of(program[0]), "machine": machine, "ending": None,
                      "status": None, "instructions": None, "qemu": version()}
        self.save()
        return self

    def make_swap(self, megabytes):
        """With the header of swap_file(), in a format that can keep the disk's state at the first instruction."""
        file = qemu.swap_file(megabytes)
        try:
            subprocess.run(["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", f"/dev/fd/{file}", self.path(SWAP)], check=True,
                           pass_fds=(file,))
        finally:
            os.close(file)

    def forget(self):
        """What an older recording left here."""
        for name in (DESCRIPTION, KERNEL, INITRD, PROGRAM, EVENTS, SNAPSHOTS, SWAP):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))

    def save(self):
        with open(self.path(DESCRIPTION), "w", encoding="utf-8") as file:
            json.dump(self.facts, file, indent=1)

    def finish(self, qemu_status, cut_off, status):
        """The run is over. cut_off: from outside, so that its last instruction is any one; status: the program's. => is there
        anything to replay? Not if QEMU was ended before the machine's first instruction."""
        if not os.path.exists(self.path(EVENTS)) or not os.path.getsize(self.path(EVENTS)):
            return False
        self.facts.update(ending="cut off" if cut_off else ENDINGS.get(qemu_status, "reset"), status=status)
        self.save()
        return True

    @classmethod
    def open(cls, folder):
        self = cls(folder)
        try:
            with open(self.path(DESCRIPTION), encoding="utf-8") as file:
                self.facts = json.load(file)
        except (OSError, ValueError):
            raise NoRecording(f'{folder} holds no recording: make record PROG="name arguments" makes one') from None
        if not self.facts["ending"]:
            raise NoRecording(f"{folder}: the recording was not finished")
        if self.facts["qemu"] != version():
            raise NoRecording(f"{folder} was recorded by {self.facts['qemu']}, here is {version()}: record it again")
        return self

    # ---- QEMU's words ----

    def command(self, mode, extra=()):
        """QEMU has to inherit self.memory, the file that is the guest's RAM: make live shows a past moment as well."""
        machine = dict(self.facts["machine"])
        if machine.get("swap"):
            machine["swap"] = self.path(SWAP)
        return qemu.command(**machine, kernel=self.path(KERNEL), initrd=self.path(INITRD),
                            ram=f"/dev/fd/{self.memory}", recording=(mode, self.path(EVENTS), self.path(SNAPSHOTS)), extra=extra)

    def replay(self, extra=()):
        """The same devices in the same order as console.Session gives them; what they say goes to the folder."""
        def file(name):
            return qemu.escaped(self.path(name))
        lines = ["-chardev", f"file,id=com1,path={file('output')}", "-serial", "chardev:com1"]
        if not self.facts["only_serial"]:
            lines += ["-chardev", f"file,id=com2,path={file('errors')}", "-serial", "chardev:com2",
                      "-chardev", f"file,id=log,path={file('log')}", "-device", "isa-debugcon,iobase=0xe9,chardev=log"]
        return self.command("replay", [*lines, "-no-shutdown", *extra])

    def last_instruction(self):
        """The number of the last instruction of a run that the kernel did not end itself: found by replaying it once."""
        if self.facts["ending"] in BY_THE_KERNEL:
            return None
        if self.facts["instructions"] is None:
            self.facts["instructions"] = self.measure()
            self.save()
        return self.facts["instructions"]

    def measure(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            words = self.replay(["-chardev", f"socket,fd={theirs.fileno()},id=qmp", "-mon", "chardev=qmp,mode=control"])
            guest = qemu.start(words, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(), self.memory))
            theirs.close()
            ours.settimeout(PATIENCE)
            try:
                return played(ours)
            except (OSError, ValueError) as error:
                raise NoRecording(f"{self.folder} cannot be replayed to its end: {error or 'QEMU ended'}") from error
            finally:
                guest.kill()
                guest.wait()


def played(connection):
    """Waits until QEMU has played all; how many instructions that were."""
    answers = connection.makefile("r")
    for command in ("qmp_capabilities", None, "query-replay"):
        if command:
            connection.sendall(json.dumps({"execute": command}).encode() + b"\n")
        wanted = "return" if command else "event"
        while wanted not in (answer := json.loads(answers.readline())) or answer.get("event", "SHUTDOWN") != "SHUTDOWN":
            pass
    return answer["return"]["icount"]


def executable_of(program):
    return os.path.abspath(program) if os.path.isfile(program) else program if "/" in program else "/bin/" + program


def version():
    said = subprocess.run([os.environ.get("QEMU", "qemu-system-x86_64"), "--version"], capture_output=True, text=True,
                          check=True).stdout
    return said.splitlines()[0].split(" (")[0]
