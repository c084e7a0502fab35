/* SPDX-License-Identifier: MIT */
/* fuzz.h - what the programs have in common that hold random calls against a model: numbers that a seed repeats, a line that
 * replays a failure, and a hash of all results. */
#pragma once

#include "check.h"

static unsigned long seed, state, call_number, hash = 14695981039346656037UL; /* FNV-1a's */
static char call_text[160];

#define CALL(...) snprintf(call_text, sizeof(call_text), __VA_ARGS__)

/* xorshift64* */
static unsigned long pick(unsigned long limit)
{
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return (state * 2685821657736338717UL >> 33) % limit;
}

static void fail(const char *what, long got, long wanted)
{
    say("seed %lu, call %lu: %s: %s: %ld, the model says %ld", seed, call_number, call_text, what, got,
        wanted);
    exit(1);
}

/* A raw result: an address, a number, or -errno. */
static long raw(long result)
{
    return result == -1 ? -errno : result;
}

static void hash_add(long result)
{
    hash = (hash ^ (unsigned long)result) * 1099511628211UL;
}
