/* SPDX-License-Identifier: MIT */
/* trace.h - /proc/trace: the events that the ring holds, the oldest first, as a stream of CTF packets. */
#ifndef FAULTLINE_PROCFS_TRACE_H
#define FAULTLINE_PROCFS_TRACE_H

#include <fs/node.h>

extern const struct node_ops proc_trace_ops;

#endif
