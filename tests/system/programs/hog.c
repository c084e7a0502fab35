/* SPDX-License-Identifier: MIT */
/* hog.c - `hog CHILD OWN`: a child touches CHILD MiB and sleeps; then this process touches OWN MiB. What became of both? */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void touch(const char *mebibytes)
{
    size_t bytes = strtoul(mebibytes, NULL, 10) << 20;
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        exit(12);
    memset(at, 1, bytes);
}

int main(int argc, char **argv)
{
    int ready[2], status;
    char byte;

    if (argc != 3 || pipe(ready) != 0)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, "sleeper");
        touch(argv[1]);
        write(ready[1], "", 1);
        for (;;)
            pause();
    }
    if (read(ready[0], &byte, 1) != 1)
        return 3;
    touch(argv[2]);
    printf("own: %s MiB\n", argv[2]);
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    printf("child: signal %d\n", WTERMSIG(status));
    return 0;
}
