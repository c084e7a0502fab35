/* SPDX-License-Identifier: MIT */
/* floating.c - text to floating point: strtod, strtof, strtold, atof.
 *
 * double and float are correctly rounded (to nearest, ties to even) for every text, however long: the decimal
 * digits are one whole number D, the value is D * 10^E = (D * 5^E) * 2^E, and the division that a negative E
 * asks for is done in big numbers until 64 bits and "was there a rest?" are known. Digits beyond the 800th
 * only count as a rest: no boundary between two doubles has more than 768. A long double is what strtod
 * gives: 53 bits, not 64. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bignum.h"

#define MOST_DIGITS 800
#define EXPONENT_LIMIT 100000000L /* exponents are cut here: everything beyond is infinite or zero anyway */

/* A binary format: bits of the mantissa, exponent of the lowest bit of the smallest number, and of 1 + the
 * largest. */
struct kind {
    int bits;
    int lowest;
    int highest;
};

static const struct kind double_kind = {.bits = 53, .lowest = -1074, .highest = 1024};
static const struct kind float_kind = {.bits = 24, .lowest = -149, .highest = 128};

/* 0.DIGITS * 10^point, or, when hexadecimal, digits of four bits and point counts bits. */
struct number {
    const char *end; /* behind the number; NULL when there was none */
    int count;       /* digits kept; none means zero */
    bool rest;       /* a digit that was not kept was not 0 */
    long point;
    unsigned char digit[MOST_DIGITS];
};

/* bits * 2^exponent, and a little more when rest. */
struct binary {
    uint64_t bits;
    long exponent;
    bool rest;
};

static int digit_value(char c, int base)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    if (base == 16 && isxdigit((unsigned char)c))
        return tolower((unsigned char)c) - 'a' + 10;
    return -1;
}

/* An exponent behind its letter; returns its end, or `at` when no digit follows: then the letter is no part
 * either. */
static const char *parse_exponent(const char *at, long *exponent)
{
    const char *digit = at + 1;
    bool negative = *digit == '-';
    long value = 0;

    if (*digit == '-' || *digit == '+')
        digit++;
    if (!isdigit((unsigned char)*digit))
        return at;
    for (; isdigit((unsigned char)*digit); digit++)
        if (value < EXPONENT_LIMIT)
            value = value * 10 + (*digit - '0');
    *exponent = negative ? -value : value;
    return digit;
}

/* Digits with at most one point, then perhaps an exponent. */
static void parse_digits(struct number *number, const char *at, int base)
{
    int bits_per_digit = base == 16 ? 4 : 1;
    bool point = false, any = false;
    long exponent = 0;

    number->end = NULL;
    number->count = 0;
    number->rest = false;
    number->point = 0;
    for (;; at++) {
        int value = digit_value(*at, base);
        if (*at == '.' && !point) {
            point = true;
            continue;
        }
        if (value < 0)
            break;
        any = true;
        if (number->count > 0 || value > 0) {
            if (number->count < MOST_DIGITS)
                number->digit[number->count++] = (unsigned char)value;
            else
                number->rest |= value > 0;
            number->point += !point;
        } else {
            number->point -= point; /* a zero between the point and the first digit */
        }
    }
    if (!any)
        return;
    number->end = at;
    number->point *= bits_per_digit;
    if (tolower((unsigned char)*at) == (base == 16 ? 'p' : 'e'))
        number->end = parse_exponent(at, &exponent);
    number->point += exponent;
    while (number->count > 0 && number->digit[number->count - 1] == 0)
        number->count--;
}

static struct binary from_hexadecimal(const struct number *number)
{
    struct binary binary = {.exponent = number->point, .rest = number->rest};

    for (int i = 0; i < number->count; i++) {
        if (i < 16) {
            binary.bits = binary.bits << 4 | number->digit[i];
            binary.exponent -= 4;
        } else {
            binary.rest = true; /* the last digit is not 0 */
        }
    }
    return binary;
}

/* Divides by doubling the rest 63 times; both have as many bits, so the quotient has 63 or 64. */
static struct binary divide(struct bignum *numerator, struct bignum *denominator)
{
    struct binary binary = {.exponent = (long)bignum_bits(numerator) - bignum_bits(denominator) - 63};

    if (bignum_bits(numerator) < bignum_bits(denominator))
        bignum_shift_left(numerator, bignum_bits(denominator) - bignum_bits(numerator));
    else
        bignum_shift_left(denominator, bignum_bits(numerator) - bignum_bits(denominator));
    for (int i = 0; i < 64; i++) {
        binary.bits <<= 1;
        if (bignum_compare(numerator, denominator) >= 0) {
            bignum_subtract(numerator, denominator);
            binary.bits |= 1;
        }
        bignum_shift_left(numerator, 1);
    }
    binary.rest = numerator->count > 0;
    return binary;
}

/* -330 <= point <= 310: outside of that no double is left to choose from, and the numbers here would grow too
 * large. */
static struct binary from_decimal(const struct number *number)
{
    struct bignum numerator, denominator;
    long exponent = number->point - number->count;

    bignum_set(&numerator, 0);
    for (int i = 0; i < number->count; i++)
        bignum_multiply_add(&numerator, 10, number->digit[i]);
    bignum_set(&denominator, 1);
    if (exponent >= 0)
        bignum_multiply_power_of_5(&numerator, (unsigned int)exponent);
    else
        bignum_multiply_power_of_5(&denominator, (unsigned int)-exponent);
    struct binary binary = divide(&numerator, &denominator);
    binary.exponent += exponent;
    binary.rest |= number->rest;
    return binary;
}

/* mantissa * 2^exponent as the bits of a double; it is known to fit exactly. */
static double assemble(uint64_t mantissa, long exponent)
{
    uint64_t bits = 0;
    double value;

    if (mantissa != 0) {
        int width = 64 - __builtin_clzl(mantissa);
        long stored = exponent + width + 1022;
        if (stored > 0)
            bits = (uint64_t)stored << 52 | (mantissa << (53 - width) & ((UINT64_C(1) << 52) - 1));
        else
            bits = mantissa << (exponent + 1074);
    }
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static double overflow(void)
{
    errno = ERANGE;
    return __builtin_huge_val();
}

/* Rounds to the format. A result below the smallest normal number that lost bits sets ERANGE, as in glibc. */
static double round_binary(struct binary binary, const struct kind *kind)
{
    int width = 64 - __builtin_clzl(binary.bits);
    long lowest = binary.exponent + width - kind->bits; /* exponent of the last bit that is kept */
    bool small = lowest < kind->lowest;

    if (small)
        lowest = kind->lowest;
    long dropped = lowest - binary.exponent;
    if (dropped <= 0)
        return binary.exponent + width > kind->highest ? overflow() : assemble(binary.bits, binary.exponent);

    uint64_t mantissa = dropped < 64 ? binary.bits >> dropped : 0;
    uint64_t lost = dropped < 64 ? binary.bits & ((UINT64_C(1) << dropped) - 1) : binary.bits;
    uint64_t half = dropped <= 64 ? UINT64_C(1) << (dropped - 1) : UINT64_MAX;
    bool exact = lost == 0 && !binary.rest;

    if (dropped <= 64 && (lost > half || (lost == half && (binary.rest || mantissa % 2 == 1))))
        mantissa++;
    if (mantissa >> kind->bits != 0) { /* rounded up to the next power of two */
        mantissa >>= 1;
        lowest++;
    }
    /* Not too small after all when a format without this lower limit would also have rounded up to the
     * smallest normal. */
    bool smallest_normal = mantissa == UINT64_C(1) << (kind->bits - 1) && lost >= half + half / 2;
    if (small && !exact && !smallest_normal)
        errno = ERANGE;
    if (mantissa == 0)
        return 0;
    if (lowest + 64 - __builtin_clzl(mantissa) > kind->highest)
        return overflow();
    return assemble(mantissa, lowest);
}

static double number_value(const struct number *number, int base, const struct kind *kind)
{
    if (number->count == 0)
        return 0;
    if (number->point > (base == 16 ? 2000 : 310))
        return overflow();
    if (number->point < (base == 16 ? -2000 : -330)) {
        errno = ERANGE;
        return 0;
    }
    return round_binary(base == 16 ? from_hexadecimal(number) : from_decimal(number), kind);
}

/* inf, infinity, nan and nan(...); NULL when it is none of them. */
static const char *parse_word(const char *at, double *value)
{
    if (strncasecmp(at, "inf", 3) == 0) {
        *value = __builtin_inf();
        return at + (strncasecmp(at, "infinity", 8) == 0 ? 8 : 3);
    }
    if (strncasecmp(at, "nan", 3) != 0)
        return NULL;
    *value = __builtin_nan("");
    at += 3;
    if (*at == '(') {
        const char *close = at + 1;
        while (isalnum((unsigned char)*close) || *close == '_')
            close++;
        if (*close == ')')
            at = close + 1;
    }
    return at;
}

static double parse(const char *text, char **end, const struct kind *kind)
{
    const char *at = text, *after;
    double value = 0;

    while (isspace((unsigned char)*at))
        at++;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;

    after = parse_word(at, &value);
    if (after == NULL) {
        struct number number;
        bool hexadecimal = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
        number.end = NULL;
        if (hexadecimal)
            parse_digits(&number, at + 2, 16);
        if (number.end == NULL) { /* "0x" without digits is 0, and x is what follows */
            hexadecimal = false;
            parse_digits(&number, at, 10);
        }
        after = number.end;
        if (after != NULL)
            value = number_value(&number, hexadecimal ? 16 : 10, kind);
    }
    if (end != NULL)
        *end = (char *)(after != NULL ? after : text);
    return negative && after != NULL ? -value : value;
}

double strtod(const char *restrict text, char **restrict end)
{
    return parse(text, end, &double_kind);
}

/* Rounded once: a float's bits are held exactly by the double that carries them here. */
float strtof(const char *restrict text, char **restrict end)
{
    return (float)parse(text, end, &float_kind);
}

long double strtold(const char *restrict text, char **restrict end)
{
    return parse(text, end, &double_kind);
}

double atof(const char *text)
{
    return strtod(text, NULL);
}
