/* SPDX-License-Identifier: MIT */
/* spawn_actions.c - what posix_spawn's child does with its files and its directory: each kind, how it is noted and how performed.
 *
 * A list in the order of the calls, from malloc; paths are copied. Whether a descriptor is open shows only in the child. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"
#include "spawn_child.h"

struct __spawn_action {
    struct __spawn_action *following;
    long (*perform)(const struct __spawn_action *action); /* => -E..., or anything else */
    int fd;                                               /* which the child has afterwards, or closes */
    int from;
    int flags;
    mode_t mode;
    char path[];
};

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
    *actions = (posix_spawn_file_actions_t){0};
    return 0;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
    while (actions->__first) {
        struct __spawn_action *first = actions->__first;

        actions->__first = first->following;
        free(first);
    }
    return posix_spawn_file_actions_init(actions);
}

long spawn_actions_perform(const posix_spawn_file_actions_t *actions)
{
    for (const struct __spawn_action *action = actions->__first; action; action = action->following) {
        long answer = action->perform(action);

        if (answer < 0)
            return answer;
    }
    return 0;
}

/* Appends a copy of `wanted`. => 0 or an error number */
static int add(posix_spawn_file_actions_t *actions, const struct __spawn_action *wanted, const char *path)
{
    size_t length = strlen(path);
    int saved = errno;
    struct __spawn_action *action = malloc(sizeof(*action) + length + 1);

    errno = saved;
    if (!action)
        return ENOMEM;
    *action = *wanted;
    memcpy(action->path, path, length + 1);
    if (actions->__first)
        actions->__last->following = action;
    else
        actions->__first = action;
    actions->__last = action;
    return 0;
}

/* What was open under this number is closed before, so that the number is likely the one that open gives. */
static long perform_open(const struct __spawn_action *action)
{
    RAW_SYSCALL(__NR_close, action->fd);

    long fd = RAW_SYSCALL(__NR_open, action->path, action->flags, action->mode);

    if (fd < 0 || fd == action->fd)
        return fd;

    long moved = RAW_SYSCALL(__NR_dup3, fd, action->fd, action->flags & O_CLOEXEC);

    RAW_SYSCALL(__NR_close, fd);
    return moved;
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd,
                                     const char *restrict path, int flags, mode_t mode)
{
    if (fd < 0)
        return EBADF;
    return add(actions,
               &(struct __spawn_action){.perform = perform_open, .fd = fd, .flags = flags, .mode = mode},
               path);
}

/* One that is not open is as the program shall have it. */
static long perform_close(const struct __spawn_action *action)
{
    RAW_SYSCALL(__NR_close, action->fd);
    return 0;
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd)
{
    if (fd < 0)
        return EBADF;
    return add(actions, &(struct __spawn_action){.perform = perform_close, .fd = fd}, "");
}

/* Onto itself: the program shall have it, and dup2 would do nothing. FD_CLOEXEC is the only flag there is. */
static long perform_dup2(const struct __spawn_action *action)
{
    if (action->from == action->fd)
        return RAW_SYSCALL(__NR_fcntl, action->fd, F_SETFD, 0);
    return RAW_SYSCALL(__NR_dup2, action->from, action->fd);
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int to)
{
    if (from < 0 || to < 0)
        return EBADF;
    return add(actions, &(struct __spawn_action){.perform = perform_dup2, .fd = to, .from = from}, "");
}

static long perform_chdir(const struct __spawn_action *action)
{
    return RAW_SYSCALL(__NR_chdir, action->path);
}

int posix_spawn_file_actions_addchdir(posix_spawn_file_actions_t *restrict actions, const char *restrict path)
{
    return add(actions, &(struct __spawn_action){.perform = perform_chdir}, path);
}

static long perform_fchdir(const struct __spawn_action *action)
{
    return RAW_SYSCALL(__NR_fchdir, action->fd);
}

int posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t *actions, int fd)
{
    if (fd < 0)
        return EBADF;
    return add(actions, &(struct __spawn_action){.perform = perform_fchdir, .fd = fd}, "");
}

/* ---- As they were called before POSIX had them */

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict actions,
                                         const char *restrict path)
{
    return posix_spawn_file_actions_addchdir(actions, path);
}

int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *actions, int fd)
{
    return posix_spawn_file_actions_addfchdir(actions, fd);
}
