/* SPDX-License-Identifier: MIT */
/* <sys/resource.h> - limits and use of resources, as the kernel counts them.
 *
 * The uapi header gives struct rusage the kernel's private name of struct timeval; the rename puts the public
 * one in. */
#ifndef _SYS_RESOURCE_H
#define _SYS_RESOURCE_H

#include <sys/types.h>
#include <linux/time.h>
#define __kernel_old_timeval timeval
#include <linux/resource.h>
#undef __kernel_old_timeval

typedef unsigned long rlim_t;
#define RLIM_SAVED_MAX RLIM_INFINITY
#define RLIM_SAVED_CUR RLIM_INFINITY
#define RLIMIT_NLIMITS RLIM_NLIMITS

/* The names from when file sizes were words of 32 bits elsewhere: the same here. */
#define rlimit64 rlimit
#define rlim64_t rlim_t
#define RLIM64_SAVED_MAX RLIM_SAVED_MAX
#define RLIM64_SAVED_CUR RLIM_SAVED_CUR
#define getrlimit64 getrlimit
#define setrlimit64 setrlimit
#define prlimit64 prlimit

int getrusage(int who, struct rusage *usage);
int getrlimit(int resource, struct rlimit *limit);
int setrlimit(int resource, const struct rlimit *limit);
int prlimit(pid_t process, int resource, const struct rlimit *limit, struct rlimit *old);
int getpriority(int which, id_t who);
int setpriority(int which, id_t who, int priority);

#endif
