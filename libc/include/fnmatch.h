/* SPDX-License-Identifier: MIT */
/* <fnmatch.h> - whether a name matches a pattern of the shell's kind. */
#ifndef _FNMATCH_H
#define _FNMATCH_H

#define FNM_NOMATCH 1

#define FNM_PATHNAME 1 /* only a slash matches a slash */
#define FNM_NOESCAPE 2
#define FNM_PERIOD 4 /* only a period matches one at the beginning */
#define FNM_LEADING_DIR 8
#define FNM_CASEFOLD 16
#define FNM_FILE_NAME FNM_PATHNAME
#define FNM_IGNORECASE FNM_CASEFOLD

int fnmatch(const char *pattern, const char *name, int flags);

#endif
