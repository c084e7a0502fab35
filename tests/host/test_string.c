/* SPDX-License-Identifier: MIT */
/* test_string.c - libc/string: copies against a plain loop at every small size, distance and overlap; the
 * rest against glibc on random short strings over a small alphabet, where matches, near matches and empty
 * pieces are frequent.
 *
 * Inline assembly is invisible to the sanitizers, so the copies are checked by what stands around them
 * afterwards.
 */
/* sources: libc/string/copy.c libc/string/bytes.c libc/string/strings.c libc/string/compare.c
 * libc/string/search.c libc/string/ctype.c */
/* flags: -D__NO_CTYPE -fno-builtin -Dmemcpy=our_memcpy -Dmempcpy=our_mempcpy -Dmemmove=our_memmove
 * -Dmemset=our_memset -Dmemccpy=our_memccpy -Dmemcmp=our_memcmp -Dmemchr=our_memchr -Dmemrchr=our_memrchr
 * -Drawmemchr=our_rawmemchr -Dmemmem=our_memmem -Dbzero=our_bzero -Dbcopy=our_bcopy -Dbcmp=our_bcmp
 * -Dexplicit_bzero=our_explicit_bzero -Dffs=our_ffs -Dffsl=our_ffsl -Dffsll=our_ffsll -Dindex=our_index
 * -Drindex=our_rindex -Dstrlen=our_strlen -Dstrnlen=our_strnlen -Dstpcpy=our_stpcpy -Dstrcpy=our_strcpy
 * -Dstpncpy=our_stpncpy -Dstrncpy=our_strncpy -Dstrlcpy=our_strlcpy -Dstrlcat=our_strlcat -Dstrcat=our_strcat
 * -Dstrncat=our_strncat -Dstrcmp=our_strcmp -Dstrncmp=our_strncmp -Dstrcasecmp=our_strcasecmp
 * -Dstrncasecmp=our_strncasecmp -Dstrcoll=our_strcoll -Dstrxfrm=our_strxfrm -Dstrchr=our_strchr
 * -Dstrchrnul=our_strchrnul -Dstrrchr=our_strrchr -Dstrstr=our_strstr -Dstrcasestr=our_strcasestr
 * -Dstrspn=our_strspn -Dstrcspn=our_strcspn -Dstrpbrk=our_strpbrk -Dstrsep=our_strsep -Dstrtok=our_strtok
 * -Dstrtok_r=our_strtok_r -Dbasename=our_basename -Disalnum=our_isalnum -Disalpha=our_isalpha
 * -Disascii=our_isascii -Disblank=our_isblank -Discntrl=our_iscntrl -Disdigit=our_isdigit
 * -Disgraph=our_isgraph -Dislower=our_islower -Disprint=our_isprint -Dispunct=our_ispunct
 * -Disspace=our_isspace -Disupper=our_isupper -Disxdigit=our_isxdigit -Dtoascii=our_toascii
 * -Dtolower=our_tolower -Dtoupper=our_toupper -D_GNU_SOURCE */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

size_t strlcpy(char *restrict to, const char *restrict from, size_t size); /* glibc 2.36 has neither */
size_t strlcat(char *restrict to, const char *restrict from, size_t size);

/* glibc's own, which the flags above leave no other name for. */
#define GLIBC(type, name, ...) type glibc_##name(__VA_ARGS__) __asm__(#name)
GLIBC(int, memcmp, const void *, const void *, size_t);
GLIBC(void *, memchr, const void *, int, size_t);
GLIBC(void *, memrchr, const void *, int, size_t);
GLIBC(void *, memmem, const void *, size_t, const void *, size_t);
GLIBC(void *, memccpy, void *, const void *, int, size_t);
GLIBC(int, strcmp, const char *, const char *);
GLIBC(int, strncmp, const char *, const char *, size_t);
GLIBC(int, strcasecmp, const char *, const char *);
GLIBC(int, strncasecmp, const char *, const char *, size_t);
GLIBC(size_t, strlen, const char *);
GLIBC(char *, strncpy, char *, const char *, size_t);
GLIBC(char *, stpncpy, char *, const char *, size_t);
GLIBC(char *, strncat, char *, const char *, size_t);
GLIBC(char *, strchr, const char *, int);
GLIBC(char *, strrchr, const char *, int);
GLIBC(char *, strchrnul, const char *, int);
GLIBC(char *, strstr, const char *, const char *);
GLIBC(char *, strcasestr, const char *, const char *);
GLIBC(size_t, strspn, const char *, const char *);
GLIBC(size_t, strcspn, const char *, const char *);
GLIBC(char *, strpbrk, const char *, const char *);
GLIBC(char *, strsep, char **, const char *);
GLIBC(char *, strtok_r, char *, const char *, char **);
GLIBC(int, isalnum, int);
GLIBC(int, isalpha, int);
GLIBC(int, isblank, int);
GLIBC(int, iscntrl, int);
GLIBC(int, isdigit, int);
GLIBC(int, isgraph, int);
GLIBC(int, islower, int);
GLIBC(int, isprint, int);
GLIBC(int, ispunct, int);
GLIBC(int, isspace, int);
GLIBC(int, isupper, int);
GLIBC(int, isxdigit, int);
GLIBC(int, tolower, int);
GLIBC(int, toupper, int);

#define ARENA 512
#define ROUNDS 200000

static uint64_t random_state = 88172645463325252u;

static unsigned int below(unsigned int limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned int)(random_state >> 11) % limit;
}

/* Up to 11 characters of "aAb", a byte above 127 and a separator; then the terminator. */
static char *random_text(char *to)
{
    size_t length = below(12);

    for (size_t i = 0; i < length; i++)
        to[i] = "aAb\xe9,"[below(5)];
    to[length] = '\0';
    return to;
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void fill_arena(unsigned char *arena)
{
    for (size_t i = 0; i < ARENA; i++)
        arena[i] = (unsigned char)(i * 7 + i / 256);
}

/* What memmove means: through a copy of everything. */
static void move_plainly(unsigned char *arena, size_t to, size_t from, size_t count)
{
    unsigned char before[ARENA];

    for (size_t i = 0; i < ARENA; i++)
        before[i] = arena[i];
    for (size_t i = 0; i < count; i++)
        arena[to + i] = before[from + i];
}

static void check_arena(const unsigned char *expected, const unsigned char *got, const char *what, size_t to,
                        size_t from, size_t count)
{
    if (glibc_memcmp(expected, got, ARENA) != 0)
        fail_msg("%s to %zu from %zu count %zu", what, to, from, count);
}

static void moving(void **state)
{
    unsigned char expected[ARENA], got[ARENA];

    (void)state;
    for (size_t count = 0; count <= 80; count++)
        for (size_t from = 100; from < 108; from++)
            for (size_t to = 10; to < 200; to++) {
                fill_arena(expected);
                fill_arena(got);
                move_plainly(expected, to, from, count);
                assert_ptr_equal(memmove(got + to, got + from, count), got + to);
                check_arena(expected, got, "memmove", to, from, count);
                if (to + count > from && from + count > to && to != from)
                    continue;
                fill_arena(got);
                assert_ptr_equal(memcpy(got + to, got + from, count), got + to);
                check_arena(expected, got, "memcpy", to, from, count);
            }
}

static void setting(void **state)
{
    unsigned char expected[ARENA], got[ARENA];

    (void)state;
    for (size_t count = 0; count <= 300; count++)
        for (size_t to = 8; to < 24; to++) {
            fill_arena(expected);
            fill_arena(got);
            for (size_t i = 0; i < count; i++)
                expected[to + i] = 0xa5;
            assert_ptr_equal(memset(got + to, 0x12a5, count), got + to);
            check_arena(expected, got, "memset", to, 0, count);
        }
}

static void bytes(void **state)
{
    char left[16], right[16], to[2][16];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        random_text(left);
        random_text(right);
        size_t count = below((unsigned int)glibc_strlen(left) + 1),
               needle = below((unsigned int)glibc_strlen(right) + 1);
        int c = "abc,\0"[below(5)];
        size_t common = count < needle ? count : needle;

        assert_int_equal(sign(memcmp(left, right, common)), sign(glibc_memcmp(left, right, common)));
        assert_ptr_equal(memchr(left, c, count), glibc_memchr(left, c, count));
        assert_ptr_equal(memrchr(left, c, count), glibc_memrchr(left, c, count));
        assert_ptr_equal(memmem(left, count, right, needle), glibc_memmem(left, count, right, needle));
        assert_ptr_equal(rawmemchr(left, '\0'), left + glibc_strlen(left));

        memset(to, '#', sizeof(to));
        char *got = memccpy(to[0], left, c, count), *expected = glibc_memccpy(to[1], left, c, count);
        assert_int_equal(got == NULL ? -1 : got - to[0], expected == NULL ? -1 : expected - to[1]);
        assert_memory_equal(to[0], to[1], 16);
    }
}

static void comparing(void **state)
{
    char left[16], right[16];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        random_text(left);
        random_text(right);
        size_t count = below(14);
        assert_int_equal(sign(strcmp(left, right)), sign(glibc_strcmp(left, right)));
        assert_int_equal(sign(strncmp(left, right, count)), sign(glibc_strncmp(left, right, count)));
        assert_int_equal(sign(strcasecmp(left, right)), sign(glibc_strcasecmp(left, right)));
        assert_int_equal(sign(strncasecmp(left, right, count)), sign(glibc_strncasecmp(left, right, count)));
    }
}

static void searching(void **state)
{
    char text[16], other[16];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        random_text(text);
        random_text(other)[below(4)] = '\0';
        int c = "abc,\0"[below(5)];
        assert_ptr_equal(strchr(text, c), glibc_strchr(text, c));
        assert_ptr_equal(strrchr(text, c), glibc_strrchr(text, c));
        assert_ptr_equal(strchrnul(text, c), glibc_strchrnul(text, c));
        assert_ptr_equal(strstr(text, other), glibc_strstr(text, other));
        assert_ptr_equal(strcasestr(text, other), glibc_strcasestr(text, other));
        assert_int_equal(strspn(text, other), glibc_strspn(text, other));
        assert_int_equal(strcspn(text, other), glibc_strcspn(text, other));
        assert_ptr_equal(strpbrk(text, other), glibc_strpbrk(text, other));
    }
}

static void copying(void **state)
{
    char text[16], got[64], expected[64];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        random_text(text);
        size_t length = glibc_strlen(text), count = below(20);
        memset(got, '#', sizeof(got));
        memset(expected, '#', sizeof(expected));
        assert_int_equal(strlen(text), length);
        assert_int_equal(strnlen(text, count), count < length ? count : length);

        assert_int_equal(stpncpy(got, text, count) - got, glibc_stpncpy(expected, text, count) - expected);
        assert_memory_equal(got, expected, sizeof(got));
        assert_ptr_equal(strcpy(got, text), got);
        assert_string_equal(got, text);
        glibc_strncpy(expected, text, sizeof(expected));
        assert_ptr_equal(strncat(got, text, count), got);
        glibc_strncat(expected, text, count);
        assert_string_equal(got, expected);
        assert_ptr_equal(strcat(got, text), got);
        glibc_strncat(expected, text, 64 - 32);
        assert_string_equal(got, expected);
    }
}

static void copying_with_a_limit(void **state)
{
    char to[8];

    (void)state;
    memset(to, '#', sizeof(to));
    assert_int_equal(strlcpy(to, "abcdef", 4), 6);
    assert_memory_equal(to, "abc\0####", 8);
    assert_int_equal(strlcpy(to, "ab", 4), 2);
    assert_memory_equal(to, "ab\0\0####", 8);
    assert_int_equal(strlcat(to, "xyz", 5), 5);
    assert_memory_equal(to, "abxy\0###", 8);
    assert_int_equal(strlcpy(to, "q", 0), 1);
    assert_int_equal(strlcat(to, "qq", 2), 4);
    assert_memory_equal(to, "abxy\0###", 8);
}

/* Both cut a copy of their own; the pieces and the rests must lie at the same places. */
static void cutting(void **state)
{
    char got[16], expected[16];

    (void)state;
    for (int i = 0; i < ROUNDS / 4; i++) {
        const char *separators = below(2) ? "," : "a,";
        memcpy(expected, random_text(got), sizeof(got));
        char *got_rest = NULL, *expected_rest = NULL, *got_from = got, *expected_from = expected, *piece;
        do {
            piece = strtok_r(got_from, separators, &got_rest);
            char *wanted = glibc_strtok_r(expected_from, separators, &expected_rest);
            assert_int_equal(piece == NULL ? -1 : piece - got, wanted == NULL ? -1 : wanted - expected);
            assert_memory_equal(got, expected, sizeof(got));
            got_from = expected_from = NULL;
        } while (piece != NULL);

        memcpy(expected, random_text(got), sizeof(got));
        got_rest = got;
        expected_rest = expected;
        do {
            piece = strsep(&got_rest, separators);
            char *wanted = glibc_strsep(&expected_rest, separators);
            assert_int_equal(piece == NULL ? -1 : piece - got, wanted == NULL ? -1 : wanted - expected);
            assert_memory_equal(got, expected, sizeof(got));
        } while (piece != NULL);
    }
}

static void classes(void **state)
{
    (void)state;
    for (int c = -1; c < 256; c++) {
#define SAME_CLASS(name) assert_int_equal(name(c) != 0, glibc_##name(c) != 0)
        SAME_CLASS(isalnum);
        SAME_CLASS(isalpha);
        SAME_CLASS(isblank);
        SAME_CLASS(iscntrl);
        SAME_CLASS(isdigit);
        SAME_CLASS(isgraph);
        SAME_CLASS(islower);
        SAME_CLASS(isprint);
        SAME_CLASS(ispunct);
        SAME_CLASS(isspace);
        SAME_CLASS(isupper);
        SAME_CLASS(isxdigit);
        assert_int_equal(tolower(c), glibc_tolower(c));
        assert_int_equal(toupper(c), glibc_toupper(c));
    }
    assert_int_equal(ffs(0), 0);
    assert_int_equal(ffs(8), 4);
    assert_int_equal(ffsl(1L << 40), 41);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moving),
        cmocka_unit_test(setting),
        cmocka_unit_test(bytes),
        cmocka_unit_test(comparing),
        cmocka_unit_test(searching),
        cmocka_unit_test(copying),
        cmocka_unit_test(copying_with_a_limit),
        cmocka_unit_test(cutting),
        cmocka_unit_test(classes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
