/* SPDX-License-Identifier: MIT */
/* libc_print.c - the printf family as a program meets it: the same bytes under every C library. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int through_list(char *to, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return length;
}

static void integers(void)
{
    printf("[%d] [%5d] [%-5d] [%05d] [%+d] [% d] [%.3d] [%8.3d]\n", 42, 42, 42, 42, 42, 42, 42, 42);
    printf("[%x] [%X] [%#x] [%#o] [%o] [%#X] [%08x]\n", 255, 255, 255, 8, 8, 0, 0xbeef);
    printf("%d %d %u %ld %ld %lu\n", INT_MIN, INT_MAX, UINT_MAX, LONG_MIN, LONG_MAX, ULONG_MAX);
    printf("%hhd %hd %lld %zu %td %jd\n", (signed char)-3, (short)-4, -5LL, (size_t)6, (ptrdiff_t)-7,
           (intmax_t)8);
    printf("%" PRIu64 " %" PRIx32 " %" PRIdPTR "\n", UINT64_MAX, UINT32_C(0xabc), (intptr_t)-1);
    printf("[%*d] [%-*d] [%.*d]\n", 6, 1, 6, 2, 4, 3);
}

static void texts(void)
{
    int count = 0;

    printf("[%s] [%10s] [%-10s] [%.2s] [%c] [%3c]\n", "text", "right", "left", "cut", 'x', 'y');
    printf("%d%%%n\n", 100, &count);
    printf("count %d, pointer %p\n", count, (void *)0x1234abcd);
    printf("%s\n", strerror(ENOENT));
}

static void floating_point(void)
{
    printf("%f %.0f %.1f %10.3f %-10.3f| %+f\n", 3.14159265, 2.5, 0.25, 2.0 / 3, 2.0 / 3, 1.0);
    printf("%e %.3E %g %g %g %G %#g\n", 12345.678, 0.00012, 100000.0, 1000000.0, 0.0001, 0.00001, 1.0);
    printf("%.20f %.17g %a\n", 0.1, 0.1, 1.0);
    printf("%.0f\n", 1e22);
    printf("%f %F %e\n", 1e308 * 10, -1e308 * 10, 0.0);
    printf("%.2Lf\n", 12.345L);
}

static void into_memory(void)
{
    char small[8];
    char *made = NULL;
    const char *volatile text = "longer than eight"; /* or the compiler warns of what is tested here */

    printf("%d ", snprintf(small, sizeof(small), "%s", text));
    printf("[%s]\n", small);
    printf("%d\n", snprintf(NULL, 0, "%d", 12345));
    printf("%d ", through_list(small, sizeof(small), "%d-%s", 7, "ab"));
    printf("[%s]\n", small);
    printf("%d ", asprintf(&made, "%s-%03d", "made", 7));
    printf("[%s]\n", made);
    free(made);
}

int main(void)
{
    integers();
    texts();
    floating_point();
    into_memory();
    fputs("put ", stdout);
    putchar('c');
    puts("");
    return 0;
}
