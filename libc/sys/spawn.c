/* SPDX-License-Identifier: MIT */
/* spawn.c - posix_spawn: a child that shares its parent's memory until it is another program, so nothing has to be copied.
 *
 *     parent   holds signals   clone ......stands still.............   reads `error`   reaps a child that failed   lets signals
 *     child                    attributes   files   mask   exec   or else: writes `error`, ends
 *
 * Two processes with one memory, one of which sleeps. The child has a stack of its own, in the caller's frame, and the caller's thread's
 * variables: what it does to errno the parent undoes. It meets no cancellation point, since the thread to end would be the parent's.
 * Other threads of the parent go on meanwhile. No lock is taken, and no function of pthread_atfork runs.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <spawn.h>
#include <unistd.h>

#include "../thread/thread.h"
#include "raw.h"
#include "spawn_child.h"

/* execvpe makes a path on it; the rest is for frames of a few words. */
#define CHILD_STACK (PATH_MAX + 4096)
_Static_assert(CHILD_STACK <= PTHREAD_STACK_MIN / 2, "a thread with the smallest stack can call posix_spawn");

typedef int exec_function(const char *path, char *const argv[], char *const envp[]);

struct plan {
    exec_function *exec;
    const char *path;
    const posix_spawn_file_actions_t *actions;
    const posix_spawnattr_t *attributes;
    char *const *argv;
    char *const *envp;
    sigset_t mask; /* the parent's */
    int error;     /* what the child failed with */
};

/* sigprocmask leaves out the library's own signal, which the new program's threads may want. */
static void set_mask(const struct plan *plan)
{
    bool given = plan->attributes->__flags & POSIX_SPAWN_SETSIGMASK;

    sigprocmask(SIG_SETMASK, given ? &plan->attributes->__mask : &plan->mask, NULL);
}

static int become(void *argument)
{
    struct plan *plan = argument;
    long error = spawn_attributes_apply(plan->attributes);

    if (error == 0)
        error = spawn_actions_perform(plan->actions);
    if (error == 0) {
        set_mask(plan);
        plan->exec(plan->path, plan->argv, plan->envp);
        error = -errno;
    }
    plan->error = (int)-error;
    return 127;
}

static int carry_out(struct plan *plan, pid_t *process)
{
    _Alignas(16) char stack[CHILD_STACK];
    int saved = errno;

    plan->mask = signals_hold();

    pid_t child = clone(become, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, plan);
    int error = child < 0 ? errno : plan->error;

    if (child > 0 && error != 0)
        RAW_SYSCALL(__NR_wait4, child, NULL, 0, NULL);
    signals_let(plan->mask);
    errno = saved;
    if (error == 0 && process)
        *process = child;
    return error;
}

static int spawn(exec_function *exec, pid_t *process, const char *path,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                 char *const argv[], char *const envp[])
{
    static const posix_spawn_file_actions_t no_actions;
    static const posix_spawnattr_t no_attributes;
    struct plan plan = {
        .exec = exec,
        .path = path,
        .actions = actions ? actions : &no_actions,
        .attributes = attributes ? attributes : &no_attributes,
        .argv = argv,
        .envp = envp,
    };

    return carry_out(&plan, process);
}

int posix_spawn(pid_t *restrict process, const char *restrict path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
                char *const envp[restrict])
{
    return spawn(execve, process, path, actions, attributes, argv, envp);
}

/* The PATH that counts is the caller's, not the one in `envp`. */
int posix_spawnp(pid_t *restrict process, const char *restrict file,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attributes,
                 char *const argv[restrict], char *const envp[restrict])
{
    return spawn(execvpe, process, file, actions, attributes, argv, envp);
}
