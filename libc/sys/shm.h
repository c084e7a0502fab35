/* SPDX-License-Identifier: MIT */
/* shm.h - see shm.c */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define SHM_FOLDER "/dev/shm/"
#define SHM_PATH_SIZE (sizeof(SHM_FOLDER) + NAME_MAX)

/* Where the object `name` lies; its file's name begins with `kind`. => false, with errno: EINVAL (no name for a file), ENAMETOOLONG */
bool shm_path(char path[SHM_PATH_SIZE], const char *kind, const char *name);

/* open(2), but no cancellation point. */
int shm_open_path(const char *path, int flags, mode_t mode);
