/* SPDX-License-Identifier: MIT */
/* window.h - the files through which the memory of a process itself is seen: mem, cmdline, environ, pagemap. */
#ifndef FAULTLINE_PROCFS_WINDOW_H
#define FAULTLINE_PROCFS_WINDOW_H

#include <fs/node.h>

extern const struct node_ops proc_mem_ops, proc_cmdline_ops, proc_environ_ops, proc_pagemap_ops;
extern const struct node_ops proc_kpagecount_ops, proc_kpageflags_ops; /* about frames */

#endif
