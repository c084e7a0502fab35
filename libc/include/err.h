/* SPDX-License-Identifier: MIT */
/* <err.h> - messages with the program's name and the reason of the last error. */
#ifndef _ERR_H
#define _ERR_H

#include <stdarg.h>

void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vwarn(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
void vwarnx(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
void err(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void errx(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

#endif
