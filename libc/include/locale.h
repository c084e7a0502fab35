/* SPDX-License-Identifier: MIT */
/* <locale.h> - one locale, named C or POSIX. */
#ifndef _LOCALE_H
#define _LOCALE_H

#include <stddef.h>

#define LC_CTYPE 0
#define LC_NUMERIC 1
#define LC_TIME 2
#define LC_COLLATE 3
#define LC_MONETARY 4
#define LC_MESSAGES 5
#define LC_ALL 6

/* The name of the locale after the call, or NULL when the one asked for does not exist. */
char *setlocale(int category, const char *name);

#endif
