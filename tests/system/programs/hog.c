/* SPDX-License-Identifier: MIT */
/* hog.c - `hog CHILD OWN [read] [OWN_ADJ CHILD_ADJ]`: a child touches CHILD MiB and sleeps; then this process touches OWN MiB, or
 * lets the kernel do it, by read(2). What became of both? The last two are written to their oom_score_adj first. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void touch(const char *mebibytes, int by_read)
{
    size_t bytes = strtoul(mebibytes, NULL, 10) << 20;
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        exit(12);
    if (!by_read)
        memset(at, 1, bytes);
    else if (read(open("/dev/zero", O_RDONLY), at, bytes) != (ssize_t)bytes)
        printf("read: %s\n", strerror(errno));
}

static void adjust(const char *number)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY);

    if (write(file, number, strlen(number)) < 0)
        exit(13);
    close(file);
}

int main(int argc, char **argv)
{
    int by_read = argc > 3 && strcmp(argv[3], "read") == 0, status;
    char **adjustments = argc > 4 + by_read ? argv + 3 + by_read : NULL;
    int ready[2];
    char byte;

    if (argc < 3 || pipe(ready) != 0)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, "sleeper");
        if (adjustments)
            adjust(adjustments[1]);
        touch(argv[1], 0);
        write(ready[1], "", 1);
        for (;;)
            pause();
    }
    if (read(ready[0], &byte, 1) != 1)
        return 3;
    if (adjustments)
        adjust(adjustments[0]);
    touch(argv[2], by_read);
    printf("own: %s MiB\n", argv[2]);
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    printf("child: signal %d\n", WTERMSIG(status));
    return 0;
}
