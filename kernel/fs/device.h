/* SPDX-License-Identifier: MIT */
/* device.h - what stands behind a device node: its numbers and its functions. Drivers define one each,
 * init.c lists them. */
#pragma once

#include <fs/file.h>
#include <types.h>

struct device {
    const char *name; /* in /dev */
    uint32_t mode;    /* S_IFCHR or S_IFIFO, and permissions */
    uint32_t number;  /* st_rdev: major << 8 | minor */
    const struct file_ops *ops;
    int (*open)(struct node *node, struct file *file); /* NULL: nothing to do */
};

#define DEVICE_NUMBER(major, minor) ((uint32_t)(major) << 8 | (uint32_t)(minor)) /* both below 256 */

extern const struct device device_null, device_zero, device_full, device_random,
    device_urandom;                                                       /* devnull.c */
extern const struct device device_console, device_tty;                    /* tty.c */
extern const struct device device_hostin, device_hostout, device_hosterr; /* hostport.c */
