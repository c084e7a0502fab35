/* SPDX-License-Identifier: MIT */
/* comtty.h - the terminal on COM1. */
#ifndef FAULTLINE_FS_COMTTY_H
#define FAULTLINE_FS_COMTTY_H

#include <fs/tty.h>

/* COM1's input goes to its terminal from now on, if `tty` is that. */
void comtty_listen(const struct tty *tty);

#endif
