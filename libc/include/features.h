/* SPDX-License-Identifier: MIT */
/* <features.h> - nothing is hidden here: every declaration is always visible. */
#ifndef _FEATURES_H
#define _FEATURES_H

#include <sys/cdefs.h>

#endif
