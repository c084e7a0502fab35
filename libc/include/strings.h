/* SPDX-License-Identifier: MIT */
/* <strings.h> - the BSD part of the string functions. */
#ifndef _STRINGS_H
#define _STRINGS_H

#include <stddef.h>

int bcmp(const void *left, const void *right, size_t count);
void bcopy(const void *from, void *to, size_t count);
void bzero(void *to, size_t count);
char *index(const char *text, int c);
char *rindex(const char *text, int c);
int ffs(int value);
int ffsl(long value);
int ffsll(long long value);
int strcasecmp(const char *left, const char *right);
int strncasecmp(const char *left, const char *right, size_t count);

#endif
