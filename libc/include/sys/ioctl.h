/* SPDX-License-Identifier: MIT */
/* <sys/ioctl.h> - device control; requests are the kernel's. */
#ifndef _SYS_IOCTL_H
#define _SYS_IOCTL_H

#include <asm/ioctls.h>
#include <asm/termios.h>

int ioctl(int fd, unsigned long request, ...);

#endif
