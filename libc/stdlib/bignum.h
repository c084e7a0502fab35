/* SPDX-License-Identifier: MIT */
/* bignum.h - natural numbers of a few thousand bits, for exact conversion between decimal and binary.
 *
 * Limbs are 32 bits, least significant first, without leading zeros; zero has no limbs. No operation
 * allocates: the callers (format_float.c, floating.c) know how large their numbers can become, and CAPACITY
 * covers that. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The largest are in floating.c: 800 decimal digits, 2 658 bits, and one bit more while dividing. */
#define BIGNUM_CAPACITY 96

struct bignum {
    unsigned int count;
    uint32_t limb[BIGNUM_CAPACITY];
};

void bignum_set(struct bignum *number, uint64_t value);
unsigned int bignum_bits(const struct bignum *number); /* position of the highest one, 0 for zero */
void bignum_multiply_add(struct bignum *number, uint32_t factor, uint32_t addend);
void bignum_multiply_power_of_5(struct bignum *number, unsigned int exponent);
void bignum_shift_left(struct bignum *number, unsigned int bits);
uint32_t bignum_divide(struct bignum *number, uint32_t divisor); /* returns the remainder */
int bignum_compare(const struct bignum *left, const struct bignum *right);
void bignum_subtract(struct bignum *number, const struct bignum *less);
