/* SPDX-License-Identifier: MIT */
/* descriptor.h - an open file becomes a descriptor of the caller's. */
#pragma once

#include <fs/file.h>
#include <proc/process.h>
#include <types.h>

/* Takes over the reference, also when it fails. => the descriptor, -EMFILE, -ENOMEM. */
static inline int descriptor_make(struct file *file, bool close_on_exec)
{
    int fd = fdtable_install(current_process()->files, file, close_on_exec);
    if (unlikely(fd < 0))
        file_put(file);
    return fd;
}
/* The same with two, whose numbers go to the user's memory; all is undone if one step fails. => 0, -errno. */
int descriptor_make_pair(struct file *const ends[2], bool close_on_exec, vaddr_t address);
