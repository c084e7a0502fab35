/* SPDX-License-Identifier: MIT */
/* list.h - the lists and trees of the kernel: libbsd's <bsd/sys/queue.h> and <bsd/sys/tree.h>.
 *
 * They need NULL first, and __unused is theirs to use and nobody's to define (asm/stat.h has a field of that name).
 * RB_AUGMENT is called for the touched node only: whoever keeps an augmented tree walks up to the root himself. */
#pragma once

#include <stddef.h>

#include <bsd/sys/queue.h>
