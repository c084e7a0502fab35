/* SPDX-License-Identifier: MIT */
/* pipe.c - pipe and pipe2: two open files, two descriptors, and all of it undone if one step fails. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/pipe.h>
#include <proc/process.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

/* Both files become descriptors. => 0; otherwise the files are let go. */
static int install_ends(struct fdtable *files, struct file *ends[2], bool close_on_exec, int fds[2])
{
    fds[0] = fdtable_install(files, ends[0], 0, close_on_exec);
    if (fds[0] < 0) {
        file_put(ends[0]);
        file_put(ends[1]);
        return fds[0];
    }
    fds[1] = fdtable_install(files, ends[1], 0, close_on_exec);
    if (fds[1] < 0) {
        fdtable_close(files, fds[0]);
        file_put(ends[1]);
        return fds[1];
    }
    return 0;
}

static int64_t make_pipe(vaddr_t address, uint32_t flags)
{
    struct fdtable *files = current_process()->files;
    struct file *ends[2];
    int fds[2];

    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    int error = pipe_create(flags & O_NONBLOCK, ends);
    if (!error)
        error = install_ends(files, ends, flags & O_CLOEXEC, fds);
    if (error)
        return error;
    if (copy_to_user(address, fds, sizeof(fds)) < 0) {
        fdtable_close(files, fds[0]);
        fdtable_close(files, fds[1]);
        return -EFAULT;
    }
    return 0;
}

SYSCALL_IS(pipe, make_pipe(ARG0(frame), 0));
SYSCALL_IS(pipe2, make_pipe(ARG0(frame), (uint32_t)ARG1(frame)));
