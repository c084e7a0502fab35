/* SPDX-License-Identifier: MIT */
/* virtio_blk.h - the disk of a virtual machine. */
#pragma once

#include <blkdev.h>

/* The first virtio disk, ready for transfers. At boot, once. => NULL: there is none, or none that can be used (the log says why). */
struct blkdev *virtio_blk_find(void);
