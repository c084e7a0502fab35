/* SPDX-License-Identifier: MIT */
/* end.c - `end exit N` ends with status N, `end signal N` is killed by signal N, `end never` spins, `end sleep` sleeps. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int number = argc > 2 ? atoi(argv[2]) : 0;

    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        _exit(number);
    if (argc > 1 && strcmp(argv[1], "signal") == 0)
        kill(getpid(), number);
    while (argc > 1 && strcmp(argv[1], "never") == 0)
        ;
    nanosleep(&(struct timespec){.tv_sec = 1000}, NULL);
    return 99;
}
