/* SPDX-License-Identifier: MIT */
/* libc_pty.c - a pseudo-terminal by the names that POSIX has for it. What one does is linux_pty's. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <termios.h>

#include "check.h"

/* Line editing is on: what the master writes is read line by line. */
static void talk(int master, int terminal)
{
    char text[32];
    struct termios modes;

    tcgetattr(terminal, &modes);
    modes.c_lflag &= ~(tcflag_t)ECHO;
    modes.c_oflag &= ~(tcflag_t)OPOST;
    tcsetattr(terminal, TCSANOW, &modes);
    expect("the master writes", write(master, "line\n", 5), 5);
    ssize_t count = read(terminal, text, sizeof(text));
    say("the terminal reads %zd: %.4s", count, text);
    expect("the terminal writes", write(terminal, "answer", 6), 6);
    for (count = 0; count < 6;) { /* Linux may hand it over in parts */
        ssize_t part = read(master, text + count, sizeof(text) - (size_t)count);
        if (part <= 0)
            break;
        count += part;
    }
    say("the master reads %zd: %.6s", count, text);
}

int main(void)
{
    char name[64] = "", other[4];
    struct stat status;
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    expect("opened", master >= 0, 1);
    expect("granted", grantpt(master), 0);
    expect("named", ptsname_r(master, name, sizeof(name)), 0);
    say("the name begins with %.9s", name);
    expect("the same name", strcmp(ptsname(master), name), 0);
    expect_error("while it is locked", open(name, O_RDWR | O_NOCTTY), EIO);
    expect("unlocked", unlockpt(master), 0);
    int terminal = open(name, O_RDWR | O_NOCTTY);
    expect("a terminal", isatty(terminal), 1);
    expect("of its own",
           fstat(terminal, &status) == 0 && S_ISCHR(status.st_mode) && status.st_uid == getuid(), 1);
    expect("the name that the terminal says", strcmp(ttyname(terminal), name), 0);
    talk(master, terminal);

    expect("no room for the name", ptsname_r(master, other, sizeof(other)), ERANGE);
    int null = open("/dev/null", O_RDWR);
    expect("no master, no name", ptsname_r(null, name, sizeof(name)), ENOTTY);
    expect("nor", ptsname(terminal) == NULL, 1);
    expect_error("no descriptor", unlockpt(-1), EBADF);
    return finish();
}
