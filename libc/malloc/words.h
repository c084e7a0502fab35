/* SPDX-License-Identifier: MIT */
/* words.h - the last words of a program: first glibc 2.36's line for the case, then what happened, then what to try; these
 * two in English, or in Chinese where LANG asks for it (words.def). */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "names.h"

#define SAYING(name, english, chinese)                                                                       \
    static const char name##_en[] __attribute__((unused)) = english,                                         \
                                  name##_zh[] __attribute__((unused)) = chinese;
#include "words.def"
#undef SAYING

/* A row of words.def in the program's language. */
#define TEXT(name) text_choose(name##_en, name##_zh)
const char *text_choose(const char *english, const char *chinese);

struct text {
    char bytes[1024];
    size_t length;
};

/* Adds a line. %s a string, %z a size_t in decimal, %p a pointer; nothing else. */
void text_say(struct text *t, const char *format, ...);
void text_add(struct text *t, const char *format, va_list arguments);
/* A name for a code address, as a string: see site.c. */
void text_site(char *text, size_t size, uintptr_t address);
/* Writes the lines to standard error and ends the program. */
_Noreturn void text_die(const struct text *t);
