/* SPDX-License-Identifier: MIT */
/* command.c - running a shell command: system waits for it, popen talks to it. */
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../stdio/stream.h"

static void run_shell(const char *command)
{
    execl(_PATH_BSHELL, "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static int wait_for(pid_t process)
{
    int status;

    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* The wait status of the shell. While it runs, an interrupt from the terminal is the command's affair, not
 * ours. */
int system(const char *command)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_interrupt, old_quit;
    sigset_t child, old_mask;

    if (command == NULL)
        return access(_PATH_BSHELL, X_OK) == 0;
    sigaction(SIGINT, &ignore, &old_interrupt);
    sigaction(SIGQUIT, &ignore, &old_quit);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &old_mask);

    pid_t process = fork();
    if (process != 0) {
        int status = process > 0 ? wait_for(process) : -1;
        sigaction(SIGINT, &old_interrupt, NULL);
        sigaction(SIGQUIT, &old_quit, NULL);
        sigprocmask(SIG_SETMASK, &old_mask, NULL);
        return status;
    }
    sigaction(SIGINT, &old_interrupt, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    sigprocmask(SIG_SETMASK, &old_mask, NULL);
    run_shell(command);
    return -1;
}

/* "r" reads what the command prints, "w" writes what it reads. */
FILE *popen(const char *command, const char *mode)
{
    int flags = stream_mode_flags(mode), ends[2];

    if (flags < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    int ours = (flags & O_ACCMODE) == O_RDONLY ? 0 : 1;
    struct stream *stream = stream_create(ends[ours], flags);
    pid_t process = stream != NULL ? fork() : -1;
    if (process < 0) {
        if (stream != NULL)
            fclose(stream);
        else
            close(ends[ours]);
        close(ends[!ours]);
        return NULL;
    }
    if (process == 0) {
        if (ends[!ours] == !ours)
            fcntl(!ours, F_SETFD, 0);
        else
            dup2(ends[!ours], !ours);
        run_shell(command);
    }
    close(ends[!ours]);
    stream->process = process;
    return stream;
}

int pclose(FILE *stream)
{
    pid_t process = stream->process;

    fclose(stream);
    return wait_for(process);
}
