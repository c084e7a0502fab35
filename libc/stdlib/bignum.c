/* SPDX-License-Identifier: MIT */
/* bignum.c - schoolbook arithmetic on small big numbers; see bignum.h. */
#include "bignum.h"

#include <string.h>

/* The bounds of the callers' numbers are proved, not tested: a broken one is an error here, and ends the
 * program. */
static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void bignum_push(struct bignum *number, uint32_t limb)
{
    must(number->count < BIGNUM_CAPACITY);
    number->limb[number->count++] = limb;
}

static void bignum_trim(struct bignum *number)
{
    while (number->count > 0 && number->limb[number->count - 1] == 0)
        number->count--;
}

void bignum_set(struct bignum *number, uint64_t value)
{
    number->count = 0;
    for (; value > 0; value >>= 32)
        bignum_push(number, (uint32_t)value);
}

unsigned int bignum_bits(const struct bignum *number)
{
    if (number->count == 0)
        return 0;
    return number->count * 32 - (unsigned int)__builtin_clz(number->limb[number->count - 1]);
}

void bignum_multiply_add(struct bignum *number, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;

    for (unsigned int i = 0; i < number->count; i++) {
        carry += (uint64_t)number->limb[i] * factor;
        number->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0)
        bignum_push(number, (uint32_t)carry);
}

void bignum_multiply_power_of_5(struct bignum *number, unsigned int exponent)
{
    for (; exponent >= 13; exponent -= 13)
        bignum_multiply_add(number, 1220703125, 0); /* 5^13, the largest power in 32 bits */
    for (; exponent > 0; exponent--)
        bignum_multiply_add(number, 5, 0);
}

void bignum_shift_left(struct bignum *number, unsigned int bits)
{
    unsigned int limbs = bits / 32;

    if (number->count == 0)
        return;
    bignum_multiply_add(number, (uint32_t)1 << bits % 32, 0);
    must(number->count + limbs <= BIGNUM_CAPACITY);
    memmove(number->limb + limbs, number->limb, number->count * sizeof(uint32_t));
    memset(number->limb, 0, limbs * sizeof(uint32_t));
    number->count += limbs;
}

uint32_t bignum_divide(struct bignum *number, uint32_t divisor)
{
    uint64_t remainder = 0;

    for (unsigned int i = number->count; i-- > 0;) {
        remainder = remainder << 32 | number->limb[i];
        number->limb[i] = (uint32_t)(remainder / divisor);
        remainder %= divisor;
    }
    bignum_trim(number);
    return (uint32_t)remainder;
}

int bignum_compare(const struct bignum *left, const struct bignum *right)
{
    if (left->count != right->count)
        return left->count < right->count ? -1 : 1;
    for (unsigned int i = left->count; i-- > 0;)
        if (left->limb[i] != right->limb[i])
            return left->limb[i] < right->limb[i] ? -1 : 1;
    return 0;
}

/* less <= number */
void bignum_subtract(struct bignum *number, const struct bignum *less)
{
    int64_t borrow = 0;

    for (unsigned int i = 0; i < number->count; i++) {
        borrow += (int64_t)number->limb[i] - (i < less->count ? less->limb[i] : 0);
        number->limb[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    must(borrow == 0);
    bignum_trim(number);
}
