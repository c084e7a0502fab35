/* SPDX-License-Identifier: MIT */
/* libc_random.c - the numbers of POSIX's drand48 family, which are the same everywhere, and the rows of random, which go on
 * where they stood. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void shared_numbers(const char *when)
{
    printf("%s:", when);
    for (int i = 0; i < 3; i++) {
        printf(" %.17g", drand48());
        printf(" %ld", lrand48());
        printf(" %ld", mrand48());
    }
    printf("\n");
}

static void own_numbers(const char *when)
{
    unsigned short parts[3] = {1, 2, 0xffff};

    printf("%s:", when);
    for (int i = 0; i < 3; i++) {
        printf(" %.17g", erand48(parts));
        printf(" %ld", nrand48(parts));
        printf(" %ld", jrand48(parts));
    }
    printf(" end at %04x %04x %04x\n", parts[0], parts[1], parts[2]);
}

static void posix_numbers(void)
{
    unsigned short seed[3] = {0x1234, 0x5678, 0x9abc}, all[7] = {9, 8, 7, 0x1235, 0xabcd, 0x77, 0x31};

    srand48(1);
    shared_numbers("srand48(1)");
    srand48(-5);
    shared_numbers("srand48(-5)");
    own_numbers("erand48");
    unsigned short *former = seed48(seed);
    printf("seed48 was at %04x %04x %04x\n", former[0], former[1], former[2]);
    shared_numbers("seed48");
    lcong48(all);
    shared_numbers("lcong48");
    own_numbers("with its factor");
}

/* How many of the next five numbers are those kept; keeps them at the first time. */
static int same(long *numbers, int first)
{
    int equal = 0;

    for (int i = 0; i < 5; i++) {
        long number = random();
        if (first)
            numbers[i] = number;
        equal += numbers[i] == number;
    }
    return equal;
}

static void rows(void)
{
    static char one[64], two[128];
    static long numbers[2][5], next[2][5];

    srandom(17);
    same(numbers[0], 1);
    srandom(17);
    printf("the same seed: %d of 5\n", same(numbers[0], 0));
    same(next[0], 1);

    srandom(17);
    same(numbers[0], 0);
    char *former = initstate(99, one, sizeof(one));
    same(numbers[1], 1);
    same(next[1], 1);
    printf("another row: %d\n", memcmp(numbers[0], numbers[1], sizeof(numbers[0])) != 0);
    printf("former is the first: %d\n", setstate(former) == one);
    printf("the first goes on: %d of 5\n", same(next[0], 0));
    printf("a third comes after the first: %d\n", initstate(99, two, sizeof(two)) == former);
    setstate(one);
    srandom(99);
    same(numbers[1], 1);
    printf("came after the third: %d\n", setstate(former) == one);
    printf("back: %d\n", setstate(one) == former);
    same(next[1], 1);
    srandom(99);
    printf("the second begins again: %d", same(numbers[1], 0));
    printf(" and goes on: %d of 5\n", same(next[1], 0));
    printf("to itself: %d\n", setstate(one) == one);
    printf("too small: %d\n", initstate(1, two, 7) == NULL);
}

int main(void)
{
    posix_numbers();
    rows();
    return 0;
}
