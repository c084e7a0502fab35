/* SPDX-License-Identifier: MIT */
/* libc_general.c - sorting, the environment, strings cut up, versions, dates, setjmp. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int by_value(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;

    return (a > b) - (a < b);
}

static void sorting(void)
{
    int values[200];
    int wrong = 0;

    for (int i = 0; i < 200; i++)
        values[i] = i * 7919 % 1009 - 500;
    qsort(values, 200, sizeof(values[0]), by_value);
    for (int i = 1; i < 200; i++)
        wrong += values[i - 1] > values[i];
    int key = values[77];
    int *found = bsearch(&key, values, 200, sizeof(values[0]), by_value);
    printf("wrong %d, least %d, greatest %d, found %d\n", wrong, values[0], values[199],
           found != NULL && *found == key);
}

static void environment(void)
{
    printf("%s\n", getenv("FAULTLINE_TEST") == NULL ? "unset" : "set");
    setenv("FAULTLINE_TEST", "one", 1);
    setenv("FAULTLINE_TEST", "two", 0);
    printf("%s\n", getenv("FAULTLINE_TEST"));
    setenv("FAULTLINE_TEST", "three", 1);
    printf("%s\n", getenv("FAULTLINE_TEST"));
    unsetenv("FAULTLINE_TEST");
    printf("%s\n", getenv("FAULTLINE_TEST") == NULL ? "unset" : "set");
}

static void cutting(void)
{
    char words[] = "  one two   three ", fields[] = "a,,b,", *rest = fields, *piece;

    for (piece = strtok(words, " "); piece != NULL; piece = strtok(NULL, " "))
        printf("<%s>", piece);
    while ((piece = strsep(&rest, ",")) != NULL)
        printf("[%s]", piece);
    char *copy = strdup("copied");
    printf(" %s %s %d\n", copy, strstr(copy, "pi"), strcasecmp("HeLLo", "hEllO"));
    free(copy);
}

static int by_version(const void *left, const void *right)
{
    return strverscmp(*(const char *const *)left, *(const char *const *)right);
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

/* => names that begin with digits and others apart: musl sorts those in its own way. */
static void versions(const char **names, int count)
{
    int wrong = 0;

    qsort(names, (size_t)count, sizeof(names[0]), by_version);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            wrong += sign(strverscmp(names[i], names[j])) != sign(i - j);
    printf("wrong %d:", wrong);
    for (int i = 0; i < count; i++)
        printf(" %s", names[i]);
    printf("\n");
}

static void sort_versions(void)
{
    const char *numbers[] = {"10", "9", "1", "0", "09", "010", "01", "00", "000", "12a", "12", "2b"};
    const char *others[] = {"a1", "a",   "a10",  "a2",    "a02",    "a1.10",  "a1.9", "a1.0", "b-",
                            "b0", "b00", "b00x", "v1.2c", "v1.2.3", "v1.12b", "",     "a-1",  "a001"};

    versions(numbers, sizeof(numbers) / sizeof(numbers[0]));
    versions(others, sizeof(others) / sizeof(others[0]));
}

static void digits_of_64(void)
{
    double loads[4];

    printf("%ld %ld %ld %ld %ld\n", a64l(""), a64l("./0"), a64l("zzzzz/"), a64l("A!B"), a64l("1234567"));
    printf("<%s>", l64a(0));
    printf("<%s>", l64a(64));
    printf("<%s>", l64a(-1));
    printf("<%s>\n", l64a(123456789));
    printf("loads %d %d\n", getloadavg(loads, 2), getloadavg(loads, 4));
}

static void dates(void)
{
    static const time_t moments[] = {0, 951782399, 951782400, 1700000000, 4102444799, -1};
    char text[64];

    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        struct tm when;
        gmtime_r(&moments[i], &when);
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %a %b %j %U %W %V %G %y %e %p %I", &when);
        printf("%s %ld\n", text, (long)(timegm(&when) - moments[i]));
    }
}

static jmp_buf place;

static int climb(int depth)
{
    if (depth < 0)
        return 0;
    if (depth == 0)
        longjmp(place, 42);
    return climb(depth - 1) + 1;
}

int main(void)
{
    sorting();
    environment();
    cutting();
    sort_versions();
    digits_of_64();
    dates();
    int value = setjmp(place);
    if (value == 0)
        return climb(10);
    printf("came back with %d\n", value);
    return 0;
}
