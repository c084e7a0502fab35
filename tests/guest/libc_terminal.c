/* SPDX-License-Identifier: MIT */
/* libc_terminal.c - speeds, sizes and sessions of terminals, and a password that is typed at one. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "check.h"

static char name[32];

static int make(void)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), number = -1, unlock = 0;

    ioctl(master, TIOCGPTN, &number);
    ioctl(master, TIOCSPTLCK, &unlock);
    snprintf(name, sizeof(name), "/dev/pts/%d", number);
    return master;
}

static void speeds(void)
{
    struct termios settings = {0};

    expect("cfsetspeed", cfsetspeed(&settings, B9600), 0);
    expect("    out", cfgetospeed(&settings) == B9600, 1);
    expect("    in", cfgetispeed(&settings) == B9600, 1);
    expect("a higher one", cfsetspeed(&settings, B115200), 0);
    expect("    out", cfgetospeed(&settings) == B115200, 1);
    expect_error("none", cfsetspeed(&settings, 12345678), EINVAL);
    expect("    it stays", cfgetospeed(&settings) == B115200, 1);
}

static void sizes(void)
{
    int master = make(), slave = open(name, O_RDWR | O_NOCTTY), ends[2];
    struct winsize size = {.ws_row = 11, .ws_col = 22}, other = {0};

    expect("tcsetwinsize", tcsetwinsize(slave, &size), 0);
    expect("tcgetwinsize, at the other end", tcgetwinsize(master, &other), 0);
    say("    %u rows, %u columns", other.ws_row, other.ws_col);
    if (pipe(ends) == 0)
        expect_error("of a pipe", tcgetwinsize(ends[0], &other), ENOTTY);
    expect_error("    session", tcgetsid(ends[0]), ENOTTY);
    expect_error("of nobody's terminal", tcgetsid(slave), ENOTTY);
    close(ends[0]), close(ends[1]);
    close(slave), close(master);
}

/* ---- A child has the terminal for its own; what it says besides comes through a pipe */

static int ends[2];

static void ask(void)
{
    char *word;

    setsid();
    int slave = open(name, O_RDWR), length;
    dprintf(ends[1], "    the session is its own: %d\n", tcgetsid(slave) == getpid());
    word = getpass("Word: ");
    length = word ? (int)strlen(word) : -1;
    dprintf(ends[1], "    typed: %s, %d\n", word ? word : error_name(errno), length);
    struct termios settings;
    tcgetattr(slave, &settings);
    dprintf(ends[1], "    it echoes again: %d, makes signals: %d\n", (settings.c_lflag & ECHO) != 0,
            (settings.c_lflag & ISIG) != 0);
    _exit(0);
}

/* => all that came, until there are `wanted` bytes or nobody is at the other end */
static size_t gather(int fd, char *text, size_t length, size_t wanted)
{
    for (ssize_t count = 1; count > 0 && length<wanted; length += count> 0 ? (size_t)count : 0)
        count = read(fd, text + length, wanted - length);
    text[length] = '\0';
    return length;
}

static void password(const char *typed)
{
    char shown[100], told[300];
    int master = make();

    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        close(master);
        ask();
    }
    close(ends[1]);
    size_t length = gather(master, shown, 0, strlen("Word: "));
    (void)!write(master, typed, strlen(typed));
    gather(master, shown, length, sizeof(shown) - 1);
    gather(ends[0], told, 0, sizeof(told) - 1);
    expect("getpass", waitpid(child, NULL, 0) == child, 1);
    expect("    shown: the question and the end of the line", strcmp(shown, "Word: \r\n"), 0);
    (void)!write(STDOUT_FILENO, told, strlen(told));
    close(ends[0]), close(master);
}

int main(void)
{
    speeds();
    sizes();
    password("secret\n");
    password("corrected\x7f\x7f\x03\r");
    password("\n");
    return finish();
}
