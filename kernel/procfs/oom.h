/* SPDX-License-Identifier: MIT */
/* oom.h - who would go first when memory ends: oom_score; and how that is changed: oom_score_adj, and oom_adj, its older form. */
#ifndef FAULTLINE_PROCFS_OOM_H
#define FAULTLINE_PROCFS_OOM_H

#include <fs/node.h>

extern const struct node_ops proc_oom_adj_ops;

#endif
