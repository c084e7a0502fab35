/* SPDX-License-Identifier: MIT */
/* cat - copies files, or standard input, to standard output: the way to look at /proc. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int complain(const char *name)
{
    fprintf(stderr, "cat: %s: %s\n", name, strerror(errno));
    return 1;
}

/* A write may take less than it was given: the rest is offered again. */
static int write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);

        if (written < 0)
            return -1;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

static int copy(int fd, const char *name)
{
    static char buffer[4096];

    for (;;) {
        ssize_t got = read(fd, buffer, sizeof(buffer));

        if (got < 0)
            return complain(name);
        if (got == 0)
            return 0;
        if (write_all(buffer, (size_t)got) != 0)
            return complain("standard output");
    }
}

static int copy_named(const char *name)
{
    int fd, status;

    if (strcmp(name, "-") == 0)
        return copy(STDIN_FILENO, name);
    fd = open(name, O_RDONLY);
    if (fd < 0)
        return complain(name);
    status = copy(fd, name);
    close(fd);
    return status;
}

int main(int argc, char **argv)
{
    int status = 0;

    if (argc == 1)
        return copy(STDIN_FILENO, "standard input");
    for (int i = 1; i < argc; i++)
        status |= copy_named(argv[i]);
    return status;
}
