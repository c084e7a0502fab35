/* SPDX-License-Identifier: MIT */
/* <ftw.h> - a function called for every file of a tree. */
#ifndef _FTW_H
#define _FTW_H

#include <sys/stat.h>

#define FTW_F 0   /* no directory */
#define FTW_D 1   /* a directory, before what is in it */
#define FTW_DNR 2 /* one that cannot be read */
#define FTW_NS 3  /* what nothing can be told of: the struct stat means nothing */
#define FTW_SL 4  /* a link, which is not followed */
#define FTW_DP 5  /* a directory, after what was in it */
#define FTW_SLN 6 /* a link to nothing */

#define FTW_PHYS 1 /* links are not followed */
#define FTW_MOUNT 2
#define FTW_CHDIR 4 /* each call is made in the directory that the file is in */
#define FTW_DEPTH 8

struct FTW {
    int base;  /* where in the path the last name begins */
    int level; /* 0: the tree itself */
};

int ftw(const char *path, int (*visit)(const char *path, const struct stat *info, int kind), int descriptors);
int nftw(const char *path,
         int (*visit)(const char *path, const struct stat *info, int kind, struct FTW *place),
         int descriptors, int flags);

#endif
