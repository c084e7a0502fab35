/* SPDX-License-Identifier: MIT */
/* events.h - events.def in C, for the kernel and for the C library: struct trace_NAME is the payload of event NAME, TRACE_NAME its number,
 * TRACE_LEVEL_NAME its level, TRACE_ENUM_LABEL a value of an enumeration. */
#pragma once

#include "enum.h"
#include <stdint.h>

/* The system call by which the C library tells its events, event(number, payload, size). It is none of Linux's numbers, nor one that
 * Linux may get ('F' 'L'), and it counts as no system call here. */
#define TRACE_CALL 0x464c

#define LABEL(enumeration, label) TRACE_##enumeration##_##label,
#define ENUM(name, ...) enum trace_##name{EACH_LABEL(name, __VA_ARGS__)};
#define EVENT(number, name, level, ...) enum { TRACE_##name = (number), TRACE_LEVEL_##name = (level) };
#include "events.def"
#undef EVENT
#undef ENUM
#undef LABEL

#pragma push_macro("TEXT") /* lib/words.h has another */
#undef TEXT
#define U8(name) uint8_t name;
#define U16(name) uint16_t name;
#define U32(name) uint32_t name;
#define U64(name) uint64_t name;
#define I64(name) int64_t name;
#define X64(name) uint64_t name;
#define E(enumeration, name) uint8_t name;
#define TEXT(size, name) char name[size];
#define STRING(name) /* comes behind the structure */
#define ENUM(name, ...)
#define EVENT(number, name, level, ...)                                                                      \
    struct trace_##name {                                                                                    \
        __VA_ARGS__                                                                                          \
    } __attribute__((packed));
#include "events.def"
#undef EVENT
#undef ENUM
#undef STRING
#undef TEXT
#undef E
#undef X64
#undef I64
#undef U64
#undef U32
#undef U16
#undef U8
#pragma pop_macro("TEXT")
