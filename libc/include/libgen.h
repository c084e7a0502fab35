/* SPDX-License-Identifier: MIT */
/* <libgen.h> - parts of a path. basename here may change its argument; <string.h> has the GNU one that does
 * not. */
#ifndef _LIBGEN_H
#define _LIBGEN_H

char *dirname(char *path);
char *__xpg_basename(char *path);
#define basename __xpg_basename

#endif
