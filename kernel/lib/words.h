/* SPDX-License-Identifier: MIT */
/* words.h - the texts of words.def, in the language of whom they are for. A program's faults are told in its own
 * (LANG=zh in its environment: proc/language.c), what is the kernel's own business in that of the command line (lang=zh). */
#pragma once

#include <types.h>

#define WORD(name, english, chinese)                                                                         \
    static const char name##_en[] __attribute__((unused)) = english,                                         \
                                  name##_zh[] __attribute__((unused)) = chinese;
#define CAUSE(name, english, chinese, try_english, try_chinese)                                              \
    WORD(cause_##name, english, chinese)                                                                     \
    WORD(try_##name, try_english, try_chinese)
#include <lib/words.def>
#undef WORD
#undef CAUSE

/* Constant arrays and no table of pointers: so the compiler sees both formats and checks the arguments of each. */
#define TEXT(chinese, name) ((chinese) ? name##_zh : name##_en)

extern bool words_chinese; /* lang=zh on the command line; set before anybody else runs */
