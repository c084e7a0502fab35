/* SPDX-License-Identifier: MIT */
/* <glob.h> - the files whose paths match a pattern. Flags that are not here (braces, tildes, functions of one's own) are not known. */
#ifndef _GLOB_H
#define _GLOB_H

#include <sys/types.h>

#define GLOB_ERR 1  /* stop at a directory that cannot be read */
#define GLOB_MARK 2 /* a slash behind directories */
#define GLOB_NOSORT 4
#define GLOB_DOOFFS 8   /* gl_offs empty places in front */
#define GLOB_NOCHECK 16 /* the pattern itself when nothing matches */
#define GLOB_APPEND 32
#define GLOB_NOESCAPE 64
#define GLOB_PERIOD 128   /* a period at the beginning is like any other character */
#define GLOB_NOMAGIC 2048 /* the pattern itself when it is none */
#define GLOB_ONLYDIR 8192

#define GLOB_NOSPACE 1
#define GLOB_ABORTED 2
#define GLOB_NOMATCH 3

typedef struct {
    size_t gl_pathc;
    char **gl_pathv; /* behind gl_offs empty places; NULL ends it */
    size_t gl_offs;
} glob_t;

int glob(const char *restrict pattern, int flags, int (*failed)(const char *path, int error),
         glob_t *restrict found);
void globfree(glob_t *found);

#endif
