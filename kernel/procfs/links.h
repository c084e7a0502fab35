/* SPDX-License-Identifier: MIT */
/* links.h - the links out of /proc: exe, cwd, root, fd/N and self. */
#ifndef FAULTLINE_PROCFS_LINKS_H
#define FAULTLINE_PROCFS_LINKS_H

#include <fs/node.h>
#include <procfs/entry.h>

extern const struct node_ops proc_exe_ops, proc_cwd_ops, proc_root_link_ops, proc_self_ops,
    proc_thread_self_ops, proc_mounts_link_ops;
extern const struct node_ops proc_fd_directory_ops;

#endif
