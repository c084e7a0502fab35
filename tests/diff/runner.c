/* SPDX-License-Identifier: MIT */
/* runner.c - process 1 of a boot in which `make diff` runs its programs, the same on Linux and on Faultline.
 *
 * /run/diff.list names a program in each line. One after the other they run with nothing at standard input and a file as
 * standard output and error, so that both kernels offer them the same; what they wrote then goes to the first serial line:
 *
 *     ==== PATH
 *     ...
 *     ==== status N        as a shell says it: 128 + the signal that ended it
 *     ==== done
 *
 * A program that does not end is ended by the alarm that it is born with. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define LIST "/run/diff.list"
#define OUTPUT "/run/output"
#define SECONDS 60
#define EXIT_PORT 0xf4 /* isa-debug-exit: QEMU ends with twice the value plus one */
#define EXIT_CLEAN 0x10

static int wire;

static void send(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(wire, data, size);

        if (written <= 0)
            return;
        data += written;
        size -= (size_t)written;
    }
}

/* Linux guesses how much it may promise, we promise everything (its mode 1): not what is compared. */
static void promise_everything(void)
{
    int file = open("/proc/sys/vm/overcommit_memory", O_WRONLY);

    if (file >= 0 && write(file, "1", 1) == 1)
        close(file);
}

/* Raw bytes to the first serial line: a device of its own here, the console without its translations on Linux. */
static void open_wire(void)
{
    struct termios settings;

    wire = open("/dev/hostout", O_WRONLY);
    if (wire < 0)
        wire = open("/dev/console", O_RDWR | O_NOCTTY);
    if (tcgetattr(wire, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(wire, TCSANOW, &settings);
    }
}

static void become(const char *path)
{
    static char *environment[] = {"PATH=/bin", "HOME=/", NULL};
    char *argv[] = {(char *)path, NULL};
    int input = open("/dev/null", O_RDONLY), output = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (input < 0 || output < 0 || chdir("/tmp") != 0)
        _exit(125);
    dup2(input, 0);
    dup2(output, 1);
    dup2(output, 2);
    for (int fd = 3; fd < 10; fd++)
        close(fd);
    alarm(SECONDS);
    personality(ADDR_NO_RANDOMIZE); /* as scripts/diff does on the host */
    execve(path, argv, environment);
    _exit(127);
}

static void send_output(void)
{
    static char buffer[65536];
    int file = open(OUTPUT, O_RDONLY);
    ssize_t got;

    while ((got = read(file, buffer, sizeof(buffer))) > 0)
        send(buffer, (size_t)got);
    close(file);
    unlink(OUTPUT);
}

static void run(const char *path)
{
    char line[512];
    int status = 0;
    pid_t child, ended;

    send(line, (size_t)snprintf(line, sizeof(line), "\n==== %s\n", path));
    child = fork();
    if (child == 0)
        become(path);
    while ((ended = wait(&status)) != child && ended > 0)
        ;
    send_output();
    status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    send(line, (size_t)snprintf(line, sizeof(line), "\n==== status %d\n", status));
}

int main(void)
{
    static char path[256];
    FILE *list = fopen(LIST, "re");

    mkdir("/proc", 0755);
    mkdir("/tmp", 01777);
    mkdir("/dev", 0755);
    mount("proc", "/proc", "proc", 0, NULL);   /* ours has it already */
    mount("dev", "/dev", "devtmpfs", 0, NULL); /* ... and that, with the terminals */
    mkdir("/dev/shm", 01777);
    mkdir("/dev/pts", 0755);
    mount("pts", "/dev/pts", "devpts", 0, "mode=0620,ptmxmode=0666");
    promise_everything();
    open_wire();
    while (list && fgets(path, sizeof(path), list)) {
        path[strcspn(path, "\n")] = '\0';
        run(path);
    }
    if (list)
        fclose(list);
    send("\n==== done\n", 11);
    tcdrain(wire);
    close(wire);
    /* Linux lets root use a port; here process 1 ends, which switches the machine off the same way. */
    if (iopl(3) == 0)
        outb(EXIT_CLEAN, EXIT_PORT);
    return 0;
}
