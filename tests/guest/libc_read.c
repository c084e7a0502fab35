/* SPDX-License-Identifier: MIT */
/* libc_read.c - reading text: scanf, strtol, strtod, and streams over a pipe (lines, ungetc, blocks, end of file). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void scanning(void)
{
    unsigned long start, end, offset;
    char modes[5], name[64];
    int number, length, octal;
    double value;

    int count = sscanf("7ffff7f50000-7ffff7f65000 r-xp 00001000 08:01 42   /bin/cat",
                       "%lx-%lx %4s %lx %*s %*d %63s", &start, &end, modes, &offset, name);
    printf("%d: %lx %lx %s %lx %s\n", count, start, end, modes, offset, name);
    count = sscanf("  -17 017 2.5e3 rest", "%d%i%lf%n", &number, &octal, &value, &length);
    printf("%d: %d %d %g %d\n", count, number, octal, value, length);
    count = sscanf("abc,def", "%[^,],%2s", name, modes);
    printf("%d: %s %s\n", count, name, modes);
    printf("%d %d\n", sscanf("x", "%d", &number), sscanf("", "%d", &number));
}

static void numbers(void)
{
    char *end;

    printf("%ld ", strtol("0x7fz", &end, 0));
    printf("[%s]\n", end);
    errno = 0;
    printf("%ld ", strtol("99999999999999999999", NULL, 10));
    printf("%d\n", errno == ERANGE);
    printf("%lu %d %ld\n", strtoul("-1", NULL, 10), atoi("  12x"), atol("-3"));
    printf("%.17g %.17g %g %g\n", strtod("0.1", NULL), strtod("123456789012345678901234567890", NULL),
           strtod("1e-400", NULL), strtod("0x1.8p1", NULL));
}

static void streams(void)
{
    char line[16], block[8];
    char *whole = NULL;
    size_t size = 0;
    int ends[2];

    if (pipe(ends) != 0)
        return;
    FILE *in = fdopen(ends[0], "r"), *out = fdopen(ends[1], "w");
    fprintf(out, "first\n%s\nthird line is longer\n12 words\nABCDEFGHlast", "second");
    fclose(out);

    printf("%s", fgets(line, sizeof(line), in));
    int c = getc(in);
    ungetc('S', in);
    printf("%c ", c);
    printf("%s", fgets(line, sizeof(line), in));
    printf("%zd ", getline(&whole, &size, in));
    printf("%s", whole);
    int number;
    printf("%d ", fscanf(in, "%d %15s", &number, line));
    printf("%d %s %c\n", number, line, getc(in) == '\n' ? 'n' : '?');
    printf("%zu %.8s\n", fread(block, 2, 4, in), block);
    printf("%zd ", getline(&whole, &size, in));
    printf("%s\n", whole);
    printf("%d ", feof(in) != 0);
    printf("%zd %d\n", getline(&whole, &size, in), ferror(in));
    free(whole);
    fclose(in);
}

int main(void)
{
    scanning();
    numbers();
    streams();
    return 0;
}
