/* SPDX-License-Identifier: MIT */
/* linux_pty.c - pseudo-terminals: making and opening, the line in both directions, sessions and jobs, hanging up. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

#include "check.h"

static char name[32];

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

static void off(int fd, tcflag_t bits)
{
    struct termios modes;

    tcgetattr(fd, &modes);
    modes.c_lflag &= ~bits;
    tcsetattr(fd, TCSANOW, &modes);
}

static void show(const char *what, int fd)
{
    char text[64] = "", out[200] = "";
    ssize_t count = read(fd, text, sizeof(text) - 1);

    if (count < 0) {
        say("%s: %s", what, error_name(errno));
        return;
    }
    for (ssize_t i = 0; i < count; i++)
        snprintf(out + strlen(out), 8, text[i] >= ' ' ? "%c" : "<%d>", text[i]);
    say("%s: %zd bytes %s", what, count, out);
}

/* All that comes within a while of the first of it: how it comes in pieces is nobody's promise. */
static void show_gathered(const char *what, int fd)
{
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    nap();
    show(what, fd);
}

static int ready(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};

    poll(&one, 1, 0);
    return one.revents;
}

static int make(void)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), number = -1, unlock = 0;

    ioctl(master, TIOCGPTN, &number);
    snprintf(name, sizeof(name), "/dev/pts/%d", number);
    ioctl(master, TIOCSPTLCK, &unlock);
    return master;
}

static void making(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct stat one, two;

    expect("posix_openpt", master >= 0, 1);
    expect("isatty", isatty(master), 1);
    char *path = ptsname(master);
    expect("ptsname", strncmp(path, "/dev/pts/", 9), 0);
    snprintf(name, sizeof(name), "%s", path);
    expect("it is there", stat(name, &one), 0);
    expect("a character device", S_ISCHR(one.st_mode), 1);
    expect("136", (long)(one.st_rdev >> 8), 136);
    expect_error("locked", open(name, O_RDWR | O_NOCTTY), EIO);
    expect("unlockpt", unlockpt(master), 0);
    int slave = open(name, O_RDWR | O_NOCTTY);
    expect("open", slave >= 0, 1);
    fstat(slave, &two);
    expect("the same", one.st_rdev == two.st_rdev, 1);
    expect("ttyname", strcmp(ttyname(slave), name), 0);
    expect_error("lseek", lseek(master, 0, SEEK_SET), ESPIPE);
    expect_error("TIOCGPTN of a terminal", ioctl(slave, TIOCGPTN, &(int){0}), ENOTTY);
    int other = make();
    expect("another one has another name", strcmp(path, name) != 0, 1);
    expect("and a file", stat(name, &two), 0);
    close(other);
    expect_error("closed it is gone", stat(name, &two), ENOENT);
    close(slave), close(master);
}

/* How much can be read, once it is `wanted`: Linux hands over in parts, a moment later (its flush_to_ldisc). */
static int readable(int file, int wanted)
{
    int count = 0;

    for (int i = 0; i < 1000; i++) {
        ioctl(file, FIONREAD, &count);
        if (count >= wanted)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return count;
}

static void lines(void)
{
    int master = make(), slave = open(name, O_RDWR | O_NOCTTY);

    expect("ready to write", ready(master), POLLOUT);
    expect("type", write(master, "hel\x7fllo\r", 8), 8);
    show("echo", master);
    show("a line", slave);
    expect("write", write(slave, "one\ntwo\n", 8), 8);
    expect("ready to read", ready(master), POLLIN | POLLOUT);
    expect("FIONREAD", readable(master, 10), 10);
    show("with carriage returns", master);
    (void)!write(master, "ab\x04", 3);
    show("^D ends a line", slave);
    (void)!write(master, "\x04", 1);
    show("alone it is an end", slave);
    (void)!read(master, &(char[16]){0}, 16);
    off(slave, ICANON | ECHO);
    (void)!write(master, "x", 1);
    expect("ready without a line", ready(slave) & POLLIN, POLLIN);
    show("raw", slave);
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    show("nothing", slave);
    fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    show("nothing", master);
    long total = 0, written;
    static char many[1000];
    while ((written = write(slave, many, sizeof(many))) > 0)
        total += written;
    say("it fills: %s", error_name(errno));
    expect("with more than a page", total >= 4096, 1);
    long got = 0;
    while ((written = read(master, many, sizeof(many))) > 0)
        got += written;
    expect("all of it arrives", got == total, 1);
    struct winsize size = {.ws_row = 30, .ws_col = 100}, back;
    expect("TIOCSWINSZ", ioctl(master, TIOCSWINSZ, &size), 0);
    ioctl(slave, TIOCGWINSZ, &back);
    expect("columns", back.ws_col, 100);
    close(slave);
    expect("nobody has it open", ready(master) & POLLHUP, POLLHUP);
    show("read", master);
    slave = open(name, O_RDWR | O_NOCTTY);
    expect("open again", slave >= 0, 1);
    show("nothing yet", master);
    (void)!write(slave, "back", 4);
    close(slave);
    show("what was written", master);
    show("then", master);
    close(master);
}

static volatile sig_atomic_t interrupts, windows;

static void on_signal(int number)
{
    interrupts += number == SIGINT;
    windows += number == SIGWINCH;
}

static void end_of(const char *what, pid_t child)
{
    int status = -1;

    waitpid(child, &status, 0);
    say("%s: %s %d", what, WIFSIGNALED(status) ? "signal" : "status",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* A session of its own on the terminal; `how`: opened as the first one, or taken. */
static void session(int master, bool by_opening)
{
    struct sigaction action = {.sa_handler = on_signal};
    char byte;

    close(master);
    setsid();
    expect_error("/dev/tty before", open("/dev/tty", O_RDWR), ENXIO);
    int slave = open(name, by_opening ? O_RDWR : O_RDWR | O_NOCTTY);
    if (!by_opening) {
        expect_error("not yet", ioctl(slave, TIOCGPGRP, &(int){0}), ENOTTY);
        expect("TIOCSCTTY", ioctl(slave, TIOCSCTTY, 0), 0);
    }
    expect("its session", tcgetsid(slave) == getpid(), 1);
    expect("in the foreground", tcgetpgrp(slave) == getpid(), 1);
    int tty = open("/dev/tty", O_RDWR);
    expect("/dev/tty", tty >= 0, 1);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGWINCH, &action, NULL);
    (void)!write(tty, "ready\n", 6);
    expect_error("^C interrupts", read(slave, &byte, 1), EINTR);
    expect("once", interrupts, 1);
    (void)!write(tty, "again\n", 6);
    expect_error("so does a new size", read(slave, &byte, 1), EINTR);
    expect("once", windows, 1);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        signal(SIGTTIN, SIG_IGN);
        expect_error("a read in the background", read(slave, &byte, 1), EIO);
        signal(SIGTTIN, SIG_DFL);
        (void)!read(slave, &byte, 1);
        _exit(0);
    }
    int status;
    waitpid(child, &status, WUNTRACED);
    expect("stops", WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN, 1);
    kill(child, SIGKILL);
    end_of("killed", child);
    (void)!write(tty, "hang up\n", 8);
    signal(SIGHUP, SIG_IGN);
    expect_error("a read ends", read(slave, &byte, 1), EIO);
    nap(); /* Linux hangs up a little later */
    expect("the next finds the end", read(slave, &byte, 1), 0);
    expect_error("write", write(slave, "x", 1), EIO);
    expect("poll", ready(slave) & (POLLIN | POLLOUT | POLLERR | POLLHUP),
           POLLIN | POLLOUT | POLLERR | POLLHUP);
    expect_error("ioctl", ioctl(slave, TIOCGWINSZ, &(struct winsize){0}), EIO);
    expect_error("/dev/tty after", open("/dev/tty", O_RDWR), ENXIO);
    _exit(0);
}

static void sessions(bool by_opening)
{
    int master = make(), group = 0;
    pid_t child = fork();

    if (child == 0)
        session(master, by_opening);
    show_gathered("from the session", master);
    nap();
    ioctl(master, TIOCGPGRP, &group);
    expect("the master sees its group", group == child, 1);
    (void)!write(master, "\x03", 1);
    nap();
    show_gathered("echo and more", master);
    nap();
    struct winsize size = {.ws_row = 40, .ws_col = 90};
    ioctl(master, TIOCSWINSZ, &size);
    show_gathered("from the session", master);
    nap();
    close(master);
    end_of("the session's leader", child);
}

static void hangup_kills(void)
{
    int master = make();
    pid_t child = fork();

    if (child == 0) {
        close(master);
        setsid();
        int slave = open(name, O_RDWR);
        (void)!write(slave, "x", 1);
        for (;;)
            pause();
    }
    (void)!read(master, &(char){0}, 1);
    close(master);
    end_of("SIGHUP of the leader", child);
}

int main(void)
{
    making();
    lines();
    sessions(false);
    sessions(true);
    hangup_kills();
    return finish();
}
