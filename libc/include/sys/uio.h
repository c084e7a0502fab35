/* SPDX-License-Identifier: MIT */
/* <sys/uio.h> - reading and writing several pieces at once. */
#ifndef _SYS_UIO_H
#define _SYS_UIO_H

#include <sys/types.h>
#include <linux/uio.h>

ssize_t readv(int fd, const struct iovec *pieces, int count);
ssize_t writev(int fd, const struct iovec *pieces, int count);
ssize_t process_vm_readv(pid_t process, const struct iovec *local, unsigned long local_count,
                         const struct iovec *remote, unsigned long remote_count, unsigned long flags);

#endif
