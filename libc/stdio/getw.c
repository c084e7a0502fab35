/* SPDX-License-Identifier: MIT */
/* getw.c - an int at a time, as its bytes lie in memory. EOF may be one of them: feof and ferror know. */
#include <stdio.h>

int getw(FILE *stream)
{
    int value;

    return fread(&value, sizeof(value), 1, stream) == 1 ? value : EOF;
}

int putw(int value, FILE *stream)
{
    return fwrite(&value, sizeof(value), 1, stream) == 1 ? 0 : EOF;
}
