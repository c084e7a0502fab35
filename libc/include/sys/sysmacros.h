/* SPDX-License-Identifier: MIT */
/* <sys/sysmacros.h> - device numbers, packed as Linux packs them for programs: 12 bits major, 20 bits minor.
 */
#ifndef _SYS_SYSMACROS_H
#define _SYS_SYSMACROS_H

#include <sys/types.h>

#define major(device) ((unsigned int)(((device) >> 8) & 0xfff))
#define minor(device) ((unsigned int)(((device)&0xff) | (((device) >> 12) & 0xfff00)))
#define makedev(major, minor)                                                                                \
    ((dev_t)((((major)&0xfffUL) << 8) | ((minor)&0xffUL) | (((minor)&0xfff00UL) << 12)))

#endif
