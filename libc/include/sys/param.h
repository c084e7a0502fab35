/* SPDX-License-Identifier: MIT */
/* <sys/param.h> - old BSD conveniences. */
#ifndef _SYS_PARAM_H
#define _SYS_PARAM_H

#include <limits.h>

#define MAXPATHLEN PATH_MAX
#define MIN(left, right) ((left) < (right) ? (left) : (right))
#define MAX(left, right) ((left) > (right) ? (left) : (right))
#define howmany(count, unit) (((count) + (unit)-1) / (unit))
#define roundup(value, unit) (howmany(value, unit) * (unit))

#endif
