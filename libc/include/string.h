/* SPDX-License-Identifier: MIT */
/* <string.h> - bytes and strings. The kernel uses this header and its functions too (strdup, strerror,
 * strsignal and strverscmp apart). */
#ifndef _STRING_H
#define _STRING_H

#include <stddef.h>
#include <strings.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *mempcpy(void *restrict to, const void *restrict from, size_t count);
void *memccpy(void *restrict to, const void *restrict from, int stop, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
void explicit_bzero(void *to, size_t count);
int memcmp(const void *left, const void *right, size_t count);
void *memchr(const void *bytes, int byte, size_t count);
void *memrchr(const void *bytes, int byte, size_t count);
void *rawmemchr(const void *bytes, int byte);
void *memmem(const void *bytes, size_t count, const void *needle, size_t needle_count);

size_t strlen(const char *text);
size_t strnlen(const char *text, size_t limit);
char *strcpy(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t count);
char *stpcpy(char *restrict to, const char *restrict from);
char *stpncpy(char *restrict to, const char *restrict from, size_t count);
size_t strlcpy(char *restrict to, const char *restrict from, size_t size);
char *strcat(char *restrict to, const char *restrict from);
char *strncat(char *restrict to, const char *restrict from, size_t count);
size_t strlcat(char *restrict to, const char *restrict from, size_t size);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t count);
int strcoll(const char *left, const char *right);
int strverscmp(const char *left, const char *right);
size_t strxfrm(char *restrict to, const char *restrict from, size_t size);
char *strchr(const char *text, int c);
char *strchrnul(const char *text, int c);
char *strrchr(const char *text, int c);
char *strstr(const char *text, const char *needle);
char *strcasestr(const char *text, const char *needle);
size_t strspn(const char *text, const char *accept);
size_t strcspn(const char *text, const char *reject);
char *strpbrk(const char *text, const char *accept);
char *strtok(char *restrict text, const char *restrict separators);
char *strtok_r(char *restrict text, const char *restrict separators, char **restrict rest);
char *strsep(char **restrict text, const char *restrict separators);
#ifndef basename /* <libgen.h> came first, and its POSIX one is meant */
char *basename(const char *path);
#endif

char *strdup(const char *text) __attribute__((malloc));
char *strndup(const char *text, size_t limit) __attribute__((malloc));
#define strdupa(text)                                                                                        \
    ({                                                                                                       \
        const char *strdupa_text = (text);                                                                   \
        size_t strdupa_size = __builtin_strlen(strdupa_text) + 1;                                            \
        (char *)memcpy(__builtin_alloca(strdupa_size), strdupa_text, strdupa_size);                          \
    })
char *strerror(int number);
int __xpg_strerror_r(int number, char *buffer, size_t size);
/* The GNU form, as a program that says _GNU_SOURCE gets it from glibc: returns the text, not a status. */
char *strerror_r(int number, char *buffer, size_t size);
const char *strerrorname_np(int number);
char *strsignal(int number);
const char *sigabbrev_np(int number);

#endif
