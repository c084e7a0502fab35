/* SPDX-License-Identifier: MIT */
/* format_float.c - %f %e %g %a, exact to the last digit.
 *
 * A finite double is m * 2^e with whole m < 2^53. It is also a whole number with a decimal point in it:
 *
 *     e >= 0     m * 2^e                        no digit behind the point
 *     e < 0      m * 5^-e / 10^-e               -e digits behind the point
 *
 * So the exact decimal expansion (at most 767 significant digits) comes from one big number, and rounding is
 * a question about its digits: to nearest, ties to even, as the processor's default mode and glibc have it. A
 * long double is rounded to double first: correct for values that a double holds, else glibc shows more true
 * digits. */
#include "format_float.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "../stdlib/bignum.h"

#define MANTISSA_BITS 52
#define EXPONENT_MASK 0x7ff
#define EXPONENT_BIAS 1023
#define MOST_DIGITS 800 /* 767, and a whole last group of nine */

/* digits[0] ... digits[count-1], no leading zeros, and 0 < 0.d0d1d2... * 10^point is the value; zero has no
 * digits. */
struct decimal {
    int count;
    int point;
    char digits[MOST_DIGITS];
};

struct binary {
    bool negative;
    unsigned int exponent; /* as stored */
    uint64_t mantissa;     /* as stored, without the hidden bit */
};

static struct binary binary_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return (struct binary){
        .negative = bits >> 63 != 0,
        .exponent = (unsigned int)(bits >> MANTISSA_BITS) & EXPONENT_MASK,
        .mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1),
    };
}

/* Writes the digits of number, which is destroyed; nine at a time, from the last group. */
static void decimal_digits(struct decimal *decimal, struct bignum *number)
{
    char *end = decimal->digits + MOST_DIGITS;
    char *first = end;

    while (number->count > 0) {
        uint32_t group = bignum_divide(number, 1000000000);
        for (int i = 0; i < 9; i++, group /= 10)
            *--first = (char)('0' + group % 10);
    }
    while (first < end && *first == '0')
        first++;
    decimal->count = (int)(end - first);
    memmove(decimal->digits, first, (size_t)decimal->count);
}

/* The exact expansion of a finite value's magnitude. */
static void decimal_from(struct decimal *decimal, struct binary value)
{
    struct bignum number;
    uint64_t mantissa = value.mantissa;
    int exponent = (int)value.exponent - EXPONENT_BIAS - MANTISSA_BITS;

    if (value.exponent == 0)
        exponent++; /* subnormal: the smallest normal exponent, and no hidden bit */
    else
        mantissa |= UINT64_C(1) << MANTISSA_BITS;
    for (; exponent < 0 && mantissa != 0 && mantissa % 2 == 0; exponent++)
        mantissa /= 2;

    bignum_set(&number, mantissa);
    if (exponent >= 0)
        bignum_shift_left(&number, (unsigned int)exponent);
    else
        bignum_multiply_power_of_5(&number, (unsigned int)-exponent);
    decimal_digits(decimal, &number);
    decimal->point = decimal->count + (exponent < 0 ? exponent : 0);
    if (decimal->count == 0)
        decimal->point = 1; /* zero is written 0.000, so its one digit stands before the point */
}

static bool any_nonzero(const char *digits, int count)
{
    for (int i = 0; i < count; i++)
        if (digits[i] != '0')
            return true;
    return false;
}

/* Keeps the first `kept` digits, rounded to nearest, a tie to even. kept < 0 leaves nothing. */
static void decimal_round(struct decimal *decimal, long kept)
{
    if (kept >= decimal->count)
        return;
    if (kept < 0) {
        decimal->count = 0;
        return;
    }
    char cut = decimal->digits[kept];
    bool above_half = cut > '5' ||
                      (cut == '5' && any_nonzero(decimal->digits + kept + 1, decimal->count - (int)kept - 1));
    bool odd = kept > 0 && (decimal->digits[kept - 1] - '0') % 2 == 1;
    bool up = above_half || (cut == '5' && odd);

    decimal->count = (int)kept;
    if (!up)
        return;
    while (kept > 0 && decimal->digits[kept - 1] == '9')
        decimal->digits[--kept] = '0';
    if (kept > 0) {
        decimal->digits[kept - 1]++;
        return;
    }
    decimal->digits[0] = '1'; /* 99.9 became 100: the other digits are zeros already */
    decimal->point++;
    if (decimal->count == 0)
        decimal->count = 1;
}

/* Puts digits [from, from + count) of the infinite expansion: zeros before the first and after the last. */
static void put_digits(struct format_sink *sink, const struct decimal *decimal, long from, long count)
{
    if (from < 0) {
        long zeros = -from < count ? -from : count;
        format_fill(sink, '0', (size_t)zeros);
        from += zeros;
        count -= zeros;
    }
    long here = from < decimal->count ? decimal->count - from : 0;
    if (here > count)
        here = count;
    if (here > 0)
        format_put(sink, decimal->digits + from, (size_t)here);
    format_fill(sink, '0', (size_t)(count - here));
}

/* Length of the whole field, or -1 when that is no int. */
static int field_length(const struct format_spec *spec, const char *prefix, size_t body)
{
    size_t length = strlen(prefix) + body;

    if (length < (size_t)spec->width)
        length = (size_t)spec->width;
    return length <= INT_MAX ? (int)length : -1;
}

/* 123.456: `precision` digits behind the point. The value is rounded already. */
static int put_fixed(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                     const struct decimal *decimal, long precision)
{
    bool point = precision > 0 || spec->alternate;
    long whole = decimal->point > 0 ? decimal->point : 1;
    long whole_from = decimal->point > 0 ? 0 : decimal->point - 1;
    size_t body = (size_t)(whole + point + precision);
    int length = field_length(spec, sign, body);

    if (length < 0)
        return -1;
    format_before(sink, spec, sign, body, true);
    put_digits(sink, decimal, whole_from, whole);
    if (point)
        format_put(sink, ".", 1);
    put_digits(sink, decimal, decimal->point, precision);
    format_after(sink, spec, sign, body);
    return length;
}

/* Writes letter, sign and at least `digits` digits; returns the length. */
static size_t exponent_text(char *to, char letter, int exponent, int digits)
{
    unsigned int magnitude = exponent < 0 ? (unsigned int)-exponent : (unsigned int)exponent;
    char reversed[8];
    size_t count = 0, length = 0;

    for (; magnitude > 0 || count < (size_t)digits; magnitude /= 10)
        reversed[count++] = (char)('0' + magnitude % 10);
    to[length++] = letter;
    to[length++] = exponent < 0 ? '-' : '+';
    while (count > 0)
        to[length++] = reversed[--count];
    return length;
}

/* 1.23456e+02: `precision` digits behind the point. The value is rounded already. */
static int put_scientific(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                          const struct decimal *decimal, long precision, char letter)
{
    char exponent[8];
    size_t exponent_length = exponent_text(exponent, letter, decimal->point - 1, 2);
    bool point = precision > 0 || spec->alternate;
    size_t body = (size_t)(1 + point + precision) + exponent_length;
    int length = field_length(spec, sign, body);

    if (length < 0)
        return -1;
    format_before(sink, spec, sign, body, true);
    put_digits(sink, decimal, 0, 1);
    if (point)
        format_put(sink, ".", 1);
    put_digits(sink, decimal, 1, precision);
    format_put(sink, exponent, exponent_length);
    format_after(sink, spec, sign, body);
    return length;
}

/* The shorter of the two forms for `precision` significant digits, without the zeros at the end (unless '#').
 */
static int put_general(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                       struct decimal *decimal, long precision, char letter)
{
    if (precision == 0)
        precision = 1;
    decimal_round(decimal, precision);
    int exponent = decimal->point - 1;
    long significant = precision;
    if (!spec->alternate) {
        significant = decimal->count;
        while (significant > 1 && decimal->digits[significant - 1] == '0')
            significant--;
        if (significant == 0)
            significant = 1;
    }
    if (exponent < -4 || exponent >= precision)
        return put_scientific(sink, spec, sign, decimal, significant - 1, letter);
    long behind = significant - 1 - exponent;
    return put_fixed(sink, spec, sign, decimal, behind > 0 ? behind : 0);
}

/* 0x1.8p+3: the stored bits, four to a digit. A subnormal value begins with 0. */
static int put_hexadecimal(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                           struct binary value)
{
    const char *digits = spec->conversion == 'A' ? "0123456789ABCDEF" : "0123456789abcdef";
    bool zero = value.exponent == 0 && value.mantissa == 0;
    uint64_t bits = value.mantissa | (uint64_t)(value.exponent != 0) << MANTISSA_BITS;
    int power = zero ? 0 : (value.exponent == 0 ? 1 : (int)value.exponent) - EXPONENT_BIAS;
    long precision = spec->precision;
    int stored = MANTISSA_BITS / 4; /* 13 digits behind the point */

    if (precision < 0) {
        for (precision = stored; precision > 0 && (bits >> (4 * (stored - precision)) & 15) == 0;)
            precision--;
    } else if (precision < stored) {
        int dropped = 4 * (stored - (int)precision);
        uint64_t rest = bits & ((UINT64_C(1) << dropped) - 1), half = UINT64_C(1) << (dropped - 1);
        bits >>= dropped;
        bits += rest > half || (rest == half && bits % 2 == 1);
        bits <<= dropped;
    }

    char text[3 + MANTISSA_BITS / 4], prefix[4], exponent[8];
    size_t exponent_length = exponent_text(exponent, spec->conversion == 'A' ? 'P' : 'p', power, 1);
    long shown = precision < stored ? precision : stored;
    bool point = precision > 0 || spec->alternate;
    size_t count = 0;

    text[count++] = digits[bits >> MANTISSA_BITS];
    if (point)
        text[count++] = '.';
    for (int i = 1; i <= shown; i++)
        text[count++] = digits[bits >> (MANTISSA_BITS - 4 * i) & 15];
    strcpy(prefix, sign);
    strcat(prefix, spec->conversion == 'A' ? "0X" : "0x");

    size_t body = count + (size_t)(precision - shown) + exponent_length;
    int length = field_length(spec, prefix, body);
    if (length < 0)
        return -1;
    format_before(sink, spec, prefix, body, true);
    format_put(sink, text, count);
    format_fill(sink, '0', (size_t)(precision - shown));
    format_put(sink, exponent, exponent_length);
    format_after(sink, spec, prefix, body);
    return length;
}

static int put_word(struct format_sink *sink, const struct format_spec *spec, const char *sign,
                    const char *word)
{
    size_t body = strlen(word);

    format_before(sink, spec, sign, body, false);
    format_put(sink, word, body);
    format_after(sink, spec, sign, body);
    return field_length(spec, sign, body);
}

static const char *sign_of(const struct format_spec *spec, bool negative)
{
    if (negative)
        return "-";
    if (spec->plus)
        return "+";
    return spec->space ? " " : "";
}

int format_floating(struct format_sink *sink, const struct format_spec *spec, va_list *arguments)
{
    double number = spec->length == FORMAT_LONG_DOUBLE ? (double)va_arg(*arguments, long double)
                                                       : va_arg(*arguments, double);
    struct binary value = binary_of(number);
    const char *sign = sign_of(spec, value.negative);
    bool capital = spec->conversion >= 'A' && spec->conversion <= 'Z';
    long precision = spec->precision < 0 ? 6 : spec->precision;
    struct decimal decimal;

    if (value.exponent == EXPONENT_MASK && value.mantissa != 0)
        return put_word(sink, spec, sign, capital ? "NAN" : "nan");
    if (value.exponent == EXPONENT_MASK)
        return put_word(sink, spec, sign, capital ? "INF" : "inf");
    if (spec->conversion == 'a' || spec->conversion == 'A')
        return put_hexadecimal(sink, spec, sign, value);

    decimal_from(&decimal, value);
    switch (spec->conversion) {
    case 'f':
    case 'F':
        decimal_round(&decimal, decimal.point + precision);
        return put_fixed(sink, spec, sign, &decimal, precision);
    case 'e':
    case 'E':
        decimal_round(&decimal, 1 + precision);
        return put_scientific(sink, spec, sign, &decimal, precision, spec->conversion);
    default:
        return put_general(sink, spec, sign, &decimal, precision, capital ? 'E' : 'e');
    }
}
