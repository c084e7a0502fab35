/* SPDX-License-Identifier: MIT */
/* getsubopt.c - what follows an option as "name,name=value,...": one at a time, the commas become ends. */
#include <stdlib.h>
#include <string.h>

/* Returns the name's place among `names`. -1: it is none of them, and *value is all of it. *rest moves on. */
int getsubopt(char **restrict rest, char *const *restrict names, char **restrict value)
{
    char *word = *rest, *end = strchrnul(word, ',');

    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    size_t length = strcspn(word, "=");
    *value = word[length] == '=' ? word + length + 1 : NULL;
    for (int i = 0; names[i] != NULL; i++)
        if (strncmp(names[i], word, length) == 0 && names[i][length] == '\0')
            return i;
    *value = word;
    return -1;
}
