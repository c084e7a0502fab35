/* SPDX-License-Identifier: MIT */
/* daemon.c - a program goes on in the background: in a child for which nobody waits, in a session of its own, without a terminal.
 *
 * The child leads its session, so the next terminal that it opens becomes its own, unless it says O_NOCTTY. */
#include <fcntl.h>
#include <paths.h>
#include <unistd.h>

static int let_go(int keep_directory, int instead)
{
    if (setsid() < 0 || (!keep_directory && chdir("/") != 0))
        return -1;
    for (int fd = STDIN_FILENO; instead >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(instead, fd);
    return 0;
}

/* => in the child; the parent has ended. -1: no child, or one that could not let go */
int daemon(int keep_directory, int keep_streams)
{
    int nothing = keep_streams ? -1 : open(_PATH_DEVNULL, O_RDWR);

    if (!keep_streams && nothing < 0)
        return -1;

    pid_t child = fork();
    if (child > 0)
        _exit(0);

    int answer = child == 0 ? let_go(keep_directory, nothing) : -1;
    if (nothing > STDERR_FILENO)
        close(nothing);
    return answer;
}
