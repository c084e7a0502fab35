/* SPDX-License-Identifier: MIT */
/* lock.h - fcntl's commands on record locks. */
#pragma once

#include <fs/file.h>

/* F_GETLK, F_SETLK, F_SETLKW and their F_OFD_ kin, on the struct flock at `argument`. */
int64_t record_lock(struct file *file, int fd, uint32_t command, vaddr_t argument);
