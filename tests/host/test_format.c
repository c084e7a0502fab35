/* SPDX-License-Identifier: MIT */
/* test_format.c - printf, scanf, strtod and strtol of libc, held against glibc's on many generated cases.
 *
 * The library's own files are compiled under other names, beside glibc, with the sanitizers on. Random
 * numbers have a fixed seed: the same cases in every run. What glibc and we may differ in is not generated:
 * long double beyond what a double holds, %a of a long double, positional arguments, wide characters, %m.
 */
/* sources: libc/stdio/format.c libc/stdio/format_float.c libc/stdio/snprintf.c libc/stdio/scan.c
 * libc/stdlib/bignum.c libc/stdlib/floating.c libc/stdlib/integer.c */
/* flags: -Dvsnprintf=our_vsnprintf -Dvsprintf=our_vsprintf -Dsnprintf=our_snprintf -Dsprintf=our_sprintf
 * -Dstrtoimax=our_strtoimax -Dstrtoumax=our_strtoumax -Dstrtol=our_strtol -Dstrtoll=our_strtoll
 * -Dstrtoul=our_strtoul -Dstrtoull=our_strtoull -Datoi=our_atoi -Datol=our_atol -Datoll=our_atoll
 * -Dstrtod=our_strtod -Dstrtof=our_strtof -Dstrtold=our_strtold -Datof=our_atof */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "../../libc/stdio/format.h"
#include "../../libc/stdio/scanf.h"

/* glibc's own, which the flags above leave no other name for; ours are the plain names here. */
typedef int printer(char *to, size_t size, const char *format, ...);
typedef int scanner(const char *text, const char *format, ...);
int glibc_snprintf(char *to, size_t size, const char *format, ...) __asm__("snprintf");
int glibc_sscanf(const char *text, const char *format, ...) __asm__("sscanf");
double glibc_strtod(const char *text, char **end) __asm__("strtod");
float glibc_strtof(const char *text, char **end) __asm__("strtof");
long glibc_strtol(const char *text, char **end, int base) __asm__("strtol");
unsigned long glibc_strtoul(const char *text, char **end, int base) __asm__("strtoul");

/* Volatile: the compiler must not see through to printf, since the formats are made at run time, some of them
 * wrong. */
static printer *volatile glibc_print = glibc_snprintf;
static printer *volatile our_print = snprintf;
static scanner *volatile glibc_scan = glibc_sscanf;

static uint64_t random_state = 88172645463325252u;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static unsigned int below(unsigned int limit)
{
    return (unsigned int)(random_bits() >> 11) % limit;
}

static double random_double(void)
{
    static const double special[] = {0.0,   -0.0,    1.0,    0.5,   2.5,
                                     1.5,   0.05,    9.995,  99.95, 0.1,
                                     1e21,  123456., 1e-5,   1e-4,  999999.5,
                                     1e308, 5e-324,  2e-308, 1e100, 1. / 3.,
                                     8.5,   0.0625,  1e15,   1e16,  4503599627370495.5};
    double value;
    uint64_t bits = random_bits();

    switch (below(6)) {
    case 0:
        return special[below(sizeof(special) / sizeof(special[0]))];
    case 1:
        return (double)(int64_t)random_bits() / (double)(1u << below(32));
    case 2:
        return (double)below(100000) / 1000;
    case 3:
        bits &= ~(UINT64_C(0x7ff) << 52); /* subnormal */
        break;
    case 4:
        if (below(10) == 0)
            bits |= UINT64_C(0x7ff) << 52; /* infinite or not a number */
        break;
    }
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint64_t random_integer(void)
{
    static const uint64_t special[] = {
        0,     1,       9,        10,       127,       128,        255,
        32768, INT_MAX, 1u << 31, UINT_MAX, INT64_MAX, UINT64_MAX, (uint64_t)INT64_MIN};
    return below(3) == 0 ? special[below(14)] : random_bits() >> below(64);
}

/* "%", some of the flags, perhaps width and precision. */
static char *random_spec(char *to, const char *flags, bool precision)
{
    *to++ = '%';
    for (; *flags != '\0'; flags++)
        if (below(4) == 0)
            *to++ = *flags;
    if (below(2) == 0)
        to += glibc_snprintf(to, 8, "%u", below(30) + 1);
    if (precision && below(2) == 0) {
        *to++ = '.';
        if (below(8) != 0)
            to += glibc_snprintf(to, 8, "%u", below(25));
    }
    return to;
}

#define ROOM 4096

/* glibc's text, then ours: whole, and cut to a random size. */
#define SAME(format, ...)                                                                                    \
    do {                                                                                                     \
        static char expected[ROOM], got[ROOM];                                                               \
        size_t size = below(2) == 0 ? ROOM : below(40);                                                      \
        memset(expected, '#', sizeof(expected));                                                             \
        memset(got, '#', sizeof(got));                                                                       \
        int expected_length = glibc_print(expected, size, format, __VA_ARGS__);                              \
        int got_length = our_print(got, size, format, __VA_ARGS__);                                          \
        if (expected_length != got_length || memcmp(expected, got, sizeof(got)) != 0)                        \
            fail_msg("format \"%s\" size %zu: expected %d [%.100s], got %d [%.100s]", format, size,          \
                     expected_length, expected, got_length, got);                                            \
    } while (0)

static void integers(void **state)
{
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "j", "z", "t"};
    char format[64];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char conversion = "diuoxX"[below(6)];
        bool is_signed = conversion == 'd' || conversion == 'i';
        char *end = random_spec(format, is_signed ? "-+ 0'" : conversion == 'u' ? "-0'" : "-#0", true);
        unsigned int length = below(8);
        glibc_snprintf(end, 16, "%s%c|", lengths[length], conversion);
        uint64_t value = random_integer();
        if (length < 3)
            SAME(format, (unsigned int)value);
        else
            SAME(format, value);
    }
}

static void texts(void **state)
{
    static const char *const text[] = {"", "a", "hello",
                                       "a rather long text that exceeds every width used here", NULL};
    char format[64];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        glibc_snprintf(random_spec(format, "-", true), 16, "s<%%c%%%%>");
        const char *chosen = text[below(5)];
        int c = (int)below(256);
        SAME(format, chosen, c);
        glibc_snprintf(random_spec(format, "-", false), 16, "p");
        void *pointer = (void *)random_integer();
        SAME(format, pointer);
        glibc_snprintf(random_spec(format, "-", false), 16, "c");
        SAME(format, c);
    }
    SAME("%*d|%-*d|%.*d|%*.*f", 7, 3, -7, 3, -2, 3, 9, 2, 1.005);
    SAME("%*d|%.*s", INT_MIN + 1 > 0 ? 1 : -12, 5, 3, "abcdef");
    SAME("%y %5k %-3!|%d", 4);
    SAME("%hhd %hd %hhu", 300, 70000, 511);
}

/* The sink gets many pieces at once, FORMAT_GATHERED bytes at most: they end everywhere around that. */
static void pieces(void **state)
{
    static char filler[3 * FORMAT_GATHERED + 1];

    (void)state;
    memset(filler, 'x', sizeof(filler) - 1);
    for (int before = 0; before < (int)sizeof(filler); before++)
        for (int width = 1; width < 2 * FORMAT_GATHERED; width += 1 + width / 3) {
            SAME("%.*s%d|%*d|%-*c%%%.3f|%s", before, filler, -before, width, 7, width, 'c', before / 7.0,
                 "end");
            SAME("%c%.*s%c%05u%.*s", 'a', before, filler, 'b', 42u, width, filler);
        }
}

static void counts(void **state)
{
    signed char tiny = 0;
    short half = 0;
    int whole = 0;
    long wide = 0;
    char text[32];

    (void)state;
    assert_int_equal(our_print(text, 4, "abc%hhndef%hn%n%s%ln", &tiny, &half, &whole, "xy", &wide), 8);
    assert_string_equal(text, "abc");
    assert_int_equal(tiny, 3);
    assert_int_equal(half, 6);
    assert_int_equal(whole, 6);
    assert_int_equal(wide, 8);
}

static void refusals(void **state)
{
    char text[16];

    (void)state;
    assert_int_equal(our_print(text, sizeof(text), "abc%"), -1);
    assert_int_equal(our_print(text, sizeof(text), "abc%5"), -1);
    assert_int_equal(our_print(text, sizeof(text), "%2147483648d", 1), -1);
    assert_int_equal(our_print(NULL, 0, "%2147483647d%d", 1, 1), -1);
    assert_int_equal(our_print(NULL, 0, "%.2147483647f", 1.0), -1);
}

struct counting_sink {
    struct format_sink sink;
    char text[16];
};

static void put_counting(struct format_sink *sink, const char *bytes, size_t count)
{
    strncat(((struct counting_sink *)sink)->text, bytes, count);
}

static int format_plainly(struct format_sink *sink, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = format_to(sink, format, arguments);
    va_end(arguments);
    return length;
}

static void without_floating_point(void **state)
{
    struct counting_sink sink = {.sink = {.put = put_counting}};

    (void)state;
    assert_int_equal(format_plainly(&sink.sink, "%d %f|", 7), 4);
    assert_string_equal(sink.text, "7 ?|");
}

static void floating_point(void **state)
{
    char format[64];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        double value = random_double();
        char conversion = "aAeEfFgG"[below(8)];
        char *end = random_spec(format, toupper(conversion) == 'G' ? "-+ 0" : "-+ #0", true);
        bool is_long = below(8) == 0 && toupper(conversion) != 'A';
        glibc_snprintf(end, 16, "%s%c|", is_long ? "L" : "", conversion);
        if (is_long)
            SAME(format, (long double)value);
        else
            SAME(format, value);
    }
    for (int i = 0; i < 300; i++) { /* every digit that there is */
        double value = random_double();
        SAME("%.1200f", value);
        SAME("%.800e", value);
        SAME("%.900g", value);
    }
    /* Where glibc drops zeros that '#' keeps (rounding reached the next power of ten), C's words decide. */
    char text[64];
    our_print(text, sizeof(text), "%#g %#.3g %#.0g %#G", 999999.5, 9.999, 0.96, 1e-5);
    assert_string_equal(text, "1.00000e+06 10.0 1. 1.00000E-05");
}

/* Holds one reading of text against glibc's: bits, end and errno. */
static void same_strtod(const char *text)
{
    char *expected_end, *got_end;

    errno = 0;
    double expected = glibc_strtod(text, &expected_end);
    int expected_errno = errno;
    errno = 0;
    double got = strtod(text, &got_end);
    bool both_nan = expected != expected && got != got; /* the payload of nan(12) is not kept */
    if ((memcmp(&expected, &got, sizeof(got)) != 0 && !both_nan) || expected_end != got_end ||
        expected_errno != errno)
        fail_msg("strtod \"%s\": expected %a, %zd, errno %d, got %a, %zd, errno %d", text, expected,
                 expected_end - text, expected_errno, got, got_end - text, errno);

    if (strpbrk(text, "xX") != NULL) /* glibc 2.36 rounds some of these wrongly to a subnormal float */
        return;
    errno = 0;
    float expected_float = glibc_strtof(text, &expected_end);
    expected_errno = errno;
    errno = 0;
    float got_float = strtof(text, &got_end);
    both_nan = expected_float != expected_float && got_float != got_float;
    if ((memcmp(&expected_float, &got_float, sizeof(got_float)) != 0 && !both_nan) ||
        expected_end != got_end || expected_errno != errno)
        fail_msg("strtof \"%s\": expected %a, errno %d, got %a, errno %d", text, (double)expected_float,
                 expected_errno, (double)got_float, errno);
}

/* The neighbour away from zero. */
static double next_double(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    bits++;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void reading_floating_point(void **state)
{
    static const char *const special[] = {
        "",
        "+",
        ".",
        "-.e1",
        "e5",
        "0",
        "-0",
        "0x",
        "0x.",
        "0xg",
        "0x1",
        "0x1p",
        "0x1p+",
        "0x1p-1",
        "0x.8p1",
        "inf",
        "-InFiNiTy",
        "infinit",
        "nan",
        "nan(12)",
        "nan(",
        "1e",
        "1e+",
        "1e5x",
        " \t12.5",
        "1..2",
        "1e400",
        "-1e400",
        "1e-400",
        "4.9e-324",
        "2.4e-324",
        "2.5e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946",
        "9007199254740993",
        "9007199254740992.99999999999999999999999999999999999999",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e99999999999",
        "0x1.fffffffffffff7fp1023",
        "0x1.fffffffffffff8p1023",
        "0x0.0000000000001p-1022",
        "0x0.00000000000008p-1022",
        "0x0.000000000000080001p-1022",
        "0x1p-1075",
        "0x123456789abcdef012345p-100",
        "0x1p99999999999",
        "16777217",
        "16777217.0000000000000000000000000000000001",
        "3.4028235677973366e38",
        "1.4e-45",
        "0.7e-45",
        "0.70064923216240854e-45",
        "1.1754943508222875e-38",
    };
    char text[1600];

    (void)state;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        same_strtod(special[i]);
    for (int i = 0; i < 20000; i++) {
        glibc_snprintf(text, sizeof(text), "%.*g", (int)below(20) + 1, random_double());
        same_strtod(text);
        glibc_snprintf(text, sizeof(text), "%s%" PRIu64 ".%" PRIu64 "e%d", below(2) ? "-" : "",
                       random_integer(), random_integer(), (int)below(700) - 350);
        same_strtod(text);
        glibc_snprintf(text, sizeof(text), "0x%" PRIx64 ".%" PRIx64 "p%d", random_integer(), random_integer(),
                       (int)below(2400) - 1200);
        same_strtod(text);
    }
    for (int i = 0; i < 20000; i++) { /* exact as a double, so that the cast is the only rounding */
        glibc_snprintf(text, sizeof(text), "0x%xp%d", (unsigned int)random_bits(), (int)below(320) - 190);
        assert_true(strtof(text, NULL) == (float)glibc_strtod(text, NULL));
    }
    for (int i = 0; i < 3000; i++) { /* exactly between two doubles, a little below and a little above */
        double value = random_double();
        if (!(value > -1e300 && value < 1e300) || value == 0)
            continue;
        long double middle = ((long double)value + next_double(value)) / 2;
        int length = glibc_snprintf(text, sizeof(text), "%.1150Le", middle);
        same_strtod(text);
        char *exponent = strchr(text, 'e');
        memmove(exponent + 1, exponent, (size_t)(text + length - exponent) + 1);
        *exponent = '1';
        same_strtod(text);
    }
}

static void reading_integers(void **state)
{
    static const char *const special[] = {"",
                                          "-",
                                          "0x",
                                          "0xg",
                                          "0X1f",
                                          "077",
                                          "08",
                                          "+5",
                                          " -12abc",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "-9223372036854775808",
                                          "-9223372036854775809",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "-1",
                                          "zZ",
                                          "--1",
                                          "\n7"};
    char text[64];

    (void)state;
    for (int i = 0; i < 60000; i++) {
        const char *input = text;
        if (below(3) == 0)
            input = special[below(sizeof(special) / sizeof(special[0]))];
        else
            glibc_snprintf(text, sizeof(text), "%s%" PRIu64 "%s", below(3) == 0 ? "-" : "", random_integer(),
                           below(5) == 0 ? "1f" : "");
        int base = below(4) == 0 ? 0 : (int)below(38);
        char *expected_end = NULL, *got_end = NULL;

        errno = 0;
        long expected = glibc_strtol(input, &expected_end, base);
        int expected_errno = errno;
        errno = 0;
        long got = strtol(input, &got_end, base);
        if (base == 1 || base > 36) { /* glibc leaves *end alone */
            assert_int_equal(errno, EINVAL);
            continue;
        }
        if (expected != got || expected_end != got_end || expected_errno != errno)
            fail_msg("strtol \"%s\" base %d: expected %ld errno %d, got %ld errno %d", input, base, expected,
                     expected_errno, got, errno);

        errno = 0;
        unsigned long expected_unsigned = glibc_strtoul(input, &expected_end, base);
        expected_errno = errno;
        errno = 0;
        unsigned long got_unsigned = strtoul(input, &got_end, base);
        if (expected_unsigned != got_unsigned || expected_end != got_end || expected_errno != errno)
            fail_msg("strtoul \"%s\" base %d", input, base);
    }
}

struct text_source {
    struct scan_source source;
    const char *next;
};

static int text_get(struct scan_source *source)
{
    struct text_source *text = (struct text_source *)source;

    return *text->next != '\0' ? (unsigned char)*text->next++ : EOF;
}

static void text_unget(struct scan_source *source, int c)
{
    struct text_source *text = (struct text_source *)source;

    text->next--;
    assert_int_equal((unsigned char)*text->next, c);
}

static int our_scan(const char *text, const char *format, ...)
{
    struct text_source source = {{text_get, text_unget}, text};
    va_list arguments;

    va_start(arguments, format);
    int stored = scan_from(&source.source, format, arguments);
    va_end(arguments);
    return stored;
}

static void scanning(void **state)
{
    static const struct {
        const char *format, *text;
    } cases[] = {
        {"%d %d %d", "1 -2 +3"},
        {"%d%n", "  42 rest"},
        {"%i %i %i", "0x1f 017 19"},
        {"%2d%3d%d", "123456789"},
        {"%x %X %o", "ff 0xFF 777"},
        {"%u", "4294967295"},
        {"%d", "abc"},
        {"%d", ""},
        {"%d", "   "},
        {"%d %d", "5"},
        {"%d,%d", "5,6"},
        {"%d,%d", "5;6"},
        {"%hhd %hd %ld %lld", "300 70000 5000000000 -6"},
        {"%jd %zu %td", "-1 2 3"},
        {"%p", "0x7fff1234"},
        {"%s %s", "hello  world"},
        {"%3s%s", "abcdef"},
        {"%c%c%c", "a b"},
        {"%3c", "xyz"},
        {"%[a-z]%[0-9]", "abc123"},
        {"%[^,],%s", "one,two"},
        {"%[]x]", "]x]y"},
        {"%[^]]%c", "ab]"},
        {"%[a-]", "a-a-b"},
        {"%*d %d", "1 2"},
        {"%*s%n", "word next"},
        {"%f %f", "1.5 -2e3"},
        {"%lf", "3.14159265358979"},
        {"%4f%f", "1.234567"},
        {"%lf", "0x1.8p3"},
        {"%f", "inf"},
        {"%f", "nanx"},
        {"%f", "."},
        {"%f", "-"},
        {"%d%%%d", "50%7"},
        {"%%%d", " %9"},
        {"x %d", "x   8"},
        {"%lx-%lx %4s %lx %x:%x %lu %s",
         "7ffff7f50000-7ffff7f65000 r--p 00000000 08:01 1234 /usr/lib/libc.so"},
        {"VmRSS: %lu kB", "VmRSS:\t     404 kB"},
        {"%d %s", "12"},
        {"%d", "99999999999999999999"},
        {"%ld", "99999999999999999999"},
        {"%5d", "-123456"},
        {"%1d", "-5"},
        {"%1d%1d", "12"},
        {"%i", "0"},
        {"%i", "09"},
        {"%x", "x1"},
        {"%f", "infinite"},
        {"%f%n", "-.5x"},
        {"%f", "1.e1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        /* Eight places of 64 bytes, each of which any conversion may fill. */
        static uint64_t expected[8][8], got[8][8];
        memset(expected, 0x55, sizeof(expected));
        memset(got, 0x55, sizeof(got));
        int expected_count = glibc_scan(cases[i].text, cases[i].format, expected[0], expected[1], expected[2],
                                        expected[3], expected[4], expected[5], expected[6], expected[7]);
        int got_count = our_scan(cases[i].text, cases[i].format, got[0], got[1], got[2], got[3], got[4],
                                 got[5], got[6], got[7]);
        if (expected_count != got_count || memcmp(expected, got, sizeof(got)) != 0)
            fail_msg("scan \"%s\" with \"%s\": expected %d, got %d", cases[i].text, cases[i].format,
                     expected_count, got_count);
    }
}

/* A number that stops in the middle does not match (C 7.21.6.2; musl agrees, glibc stores the part before).
 */
static void scanning_half_numbers(void **state)
{
    static const char *const cases[][2] = {{"0xg", "%i"},  {"0x", "%x"},    {"0x1", "%2i"}, {"1e", "%f"},
                                           {"1e+x", "%f"}, {"0x.p1", "%f"}, {"infi", "%f"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int value = 5;
        if (our_scan(cases[i][0], cases[i][1], &value) != 0 || value != 5)
            fail_msg("scan \"%s\" with \"%s\"", cases[i][0], cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(texts),
        cmocka_unit_test(pieces),
        cmocka_unit_test(counts),
        cmocka_unit_test(refusals),
        cmocka_unit_test(without_floating_point),
        cmocka_unit_test(floating_point),
        cmocka_unit_test(reading_floating_point),
        cmocka_unit_test(reading_integers),
        cmocka_unit_test(scanning),
        cmocka_unit_test(scanning_half_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
