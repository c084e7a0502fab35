/* SPDX-License-Identifier: MIT */
/* command.c - running a shell command: system waits for it, popen talks to it.
 *
 * Streams of popen are closed on exec, with "e" or without, so no later command holds an earlier one's pipe open.
 */
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../stdio/stream.h"
#include "../thread/library.h"

/* => an error number */
static int spawn_shell(pid_t *process, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, const char *command)
{
    char *const words[] = {"sh", "-c", (char *)command, NULL};

    return posix_spawn(process, _PATH_BSHELL, actions, attributes, words, environ);
}

static int wait_for(pid_t process)
{
    int status;

    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* ---- system: while a command runs, an interrupt from the terminal is its affair, not ours. */

/* What SIGINT and SIGQUIT did before the first of the commands that run now, in any thread. */
static struct {
    int commands;
    struct sigaction interrupt;
    struct sigaction quit;
} before;

struct command {
    pid_t process;
    sigset_t mask; /* of the thread that waits, before */
};

static void ignore_terminal(void)
{
    static const struct sigaction ignore = {.sa_handler = SIG_IGN};

    LIBRARY_HOLD();

    if (before.commands++ == 0) {
        sigaction(SIGINT, &ignore, &before.interrupt);
        sigaction(SIGQUIT, &ignore, &before.quit);
    }
}

static void heed_terminal(void)
{
    LIBRARY_HOLD();

    if (--before.commands == 0) {
        sigaction(SIGINT, &before.interrupt, NULL);
        sigaction(SIGQUIT, &before.quit, NULL);
    }
}

/* The shell has the signals that we had before. */
static int spawn_command(struct command *running, const char *command)
{
    posix_spawnattr_t attributes;
    sigset_t heeded;

    sigemptyset(&heeded);
    if (before.interrupt.sa_handler != SIG_IGN)
        sigaddset(&heeded, SIGINT);
    if (before.quit.sa_handler != SIG_IGN)
        sigaddset(&heeded, SIGQUIT);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &heeded);
    posix_spawnattr_setsigmask(&attributes, &running->mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return spawn_shell(&running->process, NULL, &attributes, command);
}

/* The thread that waits is cancelled. */
static void give_up(void *argument)
{
    const struct command *running = argument;

    kill(running->process, SIGKILL);
    wait_for(running->process);
    heed_terminal();
    sigprocmask(SIG_SETMASK, &running->mask, NULL);
}

static int wait_for_command(struct command *running)
{
    int status;

    pthread_cleanup_push(give_up, running);
    status = wait_for(running->process);
    pthread_cleanup_pop(0);
    return status;
}

/* A shell that cannot be executed is one that ended with 127; without memory or processes there is none. */
static int status_of_failure(int error)
{
    errno = error;
    return error == EAGAIN || error == ENOMEM ? -1 : 127 << 8;
}

int system(const char *command)
{
    struct command running;
    sigset_t child;

    if (command == NULL)
        return access(_PATH_BSHELL, X_OK) == 0;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &running.mask);
    ignore_terminal();

    int error = spawn_command(&running, command);
    int status = error == 0 ? wait_for_command(&running) : status_of_failure(error);

    heed_terminal();
    sigprocmask(SIG_SETMASK, &running.mask, NULL);
    return status;
}

/* ---- popen */

/* `end` of the pipe is the shell's standard input or output. */
static int spawn_at_pipe(pid_t *process, int end, int standard, const char *command)
{
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    int error = posix_spawn_file_actions_adddup2(&actions, end, standard);
    if (error == 0)
        error = spawn_shell(process, &actions, NULL, command);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* "r" reads what the command prints, "w" writes what it reads. */
FILE *popen(const char *command, const char *mode)
{
    int flags = stream_mode_flags(mode), ends[2];

    if (flags < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    int ours = (flags & O_ACCMODE) == O_RDONLY ? 0 : 1;
    struct stream *stream = stream_create(ends[ours], flags);
    int error = stream != NULL ? spawn_at_pipe(&stream->process, ends[!ours], !ours, command) : ENOMEM;
    close(ends[!ours]);
    if (error == 0)
        return stream;
    if (stream != NULL)
        fclose(stream);
    else
        close(ends[ours]);
    errno = error;
    return NULL;
}

int pclose(FILE *stream)
{
    pid_t process = stream->process;

    fclose(stream);
    return wait_for(process);
}
