/* SPDX-License-Identifier: MIT */
/* tell.c - arguments, environment, folder and terminals to standard output; one line to standard error. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv, char **environment)
{
    char folder[4096] = "?";
    struct stat about;

    for (int i = 0; i < argc; i++)
        printf("argument '%s'\n", argv[i]);
    for (char **item = environment; *item; item++)
        printf("environment '%s'\n", *item);
    printf("folder '%s'\n", getcwd(folder, sizeof(folder)));
    for (int fd = 0; fd < 3; fd++) {
        fstat(fd, &about);
        printf("%d: %s%s\n", fd,
               S_ISFIFO(about.st_mode)  ? "pipe"
               : S_ISCHR(about.st_mode) ? "device"
                                        : "other",
               isatty(fd) ? ", terminal" : "");
    }
    fflush(stdout);
    fputs("to standard error\n", stderr);
    return 0;
}
