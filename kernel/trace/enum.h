/* SPDX-License-Identifier: MIT */
/* enum.h - EACH_LABEL(enumeration, a, b, ...): LABEL(enumeration, a) LABEL(enumeration, b) ..., up to sixteen. The includer says what
 * LABEL is. */
#pragma once

#define LABELS_1(e, label) LABEL(e, label)
#define LABELS_2(e, label, ...) LABEL(e, label) LABELS_1(e, __VA_ARGS__)
#define LABELS_3(e, label, ...) LABEL(e, label) LABELS_2(e, __VA_ARGS__)
#define LABELS_4(e, label, ...) LABEL(e, label) LABELS_3(e, __VA_ARGS__)
#define LABELS_5(e, label, ...) LABEL(e, label) LABELS_4(e, __VA_ARGS__)
#define LABELS_6(e, label, ...) LABEL(e, label) LABELS_5(e, __VA_ARGS__)
#define LABELS_7(e, label, ...) LABEL(e, label) LABELS_6(e, __VA_ARGS__)
#define LABELS_8(e, label, ...) LABEL(e, label) LABELS_7(e, __VA_ARGS__)
#define LABELS_9(e, label, ...) LABEL(e, label) LABELS_8(e, __VA_ARGS__)
#define LABELS_10(e, label, ...) LABEL(e, label) LABELS_9(e, __VA_ARGS__)
#define LABELS_11(e, label, ...) LABEL(e, label) LABELS_10(e, __VA_ARGS__)
#define LABELS_12(e, label, ...) LABEL(e, label) LABELS_11(e, __VA_ARGS__)
#define LABELS_13(e, label, ...) LABEL(e, label) LABELS_12(e, __VA_ARGS__)
#define LABELS_14(e, label, ...) LABEL(e, label) LABELS_13(e, __VA_ARGS__)
#define LABELS_15(e, label, ...) LABEL(e, label) LABELS_14(e, __VA_ARGS__)
#define LABELS_16(e, label, ...) LABEL(e, label) LABELS_15(e, __VA_ARGS__)

#define LABELS_NAME(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, name, ...) name
#define EACH_LABEL(e, ...)                                                                                   \
    LABELS_NAME(__VA_ARGS__, LABELS_16, LABELS_15, LABELS_14, LABELS_13, LABELS_12, LABELS_11, LABELS_10,    \
                LABELS_9, LABELS_8, LABELS_7, LABELS_6, LABELS_5, LABELS_4, LABELS_3, LABELS_2, LABELS_1, )  \
    (e, __VA_ARGS__)
