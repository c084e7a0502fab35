/* SPDX-License-Identifier: MIT */
/* scanf.h - the scanf language, without knowing where the text comes from. */
#pragma once

#include <stdarg.h>

struct scan_source {
    /* The next byte, or EOF. */
    int (*get)(struct scan_source *source);
    /* Puts the byte last got back; at most one in a row. Never called with EOF. */
    void (*unget)(struct scan_source *source, int c);
};

/* Returns the conversions that were stored, or EOF when the text ended (or failed) before the first. */
int scan_from(struct scan_source *source, const char *format, va_list arguments);
