/* SPDX-License-Identifier: MIT */
/* comtty.h - the terminal on COM1. */
#pragma once

#include <fs/tty.h>

/* COM1's input goes to its terminal from now on, if `tty` is that. */
void comtty_listen(const struct tty *tty);
