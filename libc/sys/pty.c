/* SPDX-License-Identifier: MIT */
/* pty.c - pseudo-terminals: the program holds the master, and names the terminal that others open. Linux makes both at the open of
 * /dev/ptmx, and gives the terminal to who opened; it is locked until unlockpt. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define PTY_NAME_SIZE sizeof("/dev/pts/4294967295")

int posix_openpt(int flags)
{
    return open("/dev/ptmx", flags);
}

/* POSIX's word for a descriptor that is no master is EINVAL, the kernel's ENOTTY. */
static int ask_master(int fd, unsigned long request, void *argument)
{
    if (ioctl(fd, request, argument) == 0)
        return 0;
    if (errno == ENOTTY)
        errno = EINVAL;
    return -1;
}

/* There is nothing left to grant. */
int grantpt(int fd)
{
    unsigned int number;

    return ask_master(fd, TIOCGPTN, &number);
}

int unlockpt(int fd)
{
    int locked = 0;

    return ask_master(fd, TIOCSPTLCK, &locked);
}

/* Returns 0 or the error number, which is in errno, too. */
int ptsname_r(int fd, char *name, size_t size)
{
    unsigned int number;

    if (ioctl(fd, TIOCGPTN, &number) != 0)
        return errno;
    if ((size_t)snprintf(name, size, "/dev/pts/%u", number) < size)
        return 0;
    errno = ERANGE;
    return ERANGE;
}

/* In one buffer for all threads, as POSIX has it. */
char *ptsname(int fd)
{
    static char name[PTY_NAME_SIZE];

    return ptsname_r(fd, name, sizeof(name)) == 0 ? name : NULL;
}
