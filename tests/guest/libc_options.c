/* SPDX-License-Identifier: MIT */
/* libc_options.c - options of a command line: short, long, long with one dash; lists of suboptions. Options come first in each line:
 * what stands behind other words is where the libraries differ. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 16

static int flagged;

static const struct option long_options[] = {
    {"all", no_argument, NULL, 'a'},          {"append", no_argument, NULL, 'p'},
    {"output", required_argument, NULL, 'o'}, {"level", optional_argument, NULL, 'l'},
    {"flag", no_argument, &flagged, 7},       {NULL, 0, NULL, 0},
};

/* How getopt, or one of its likes, takes a line apart. */
static void take_apart(const char *how, const char *line)
{
    char copy[128], *words[MOST_WORDS] = {"program"}, *rest = copy;
    int count = 1, c;

    strcpy(copy, line);
    while ((words[count] = strsep(&rest, " ")) != NULL)
        count++;
    optind = 0;
    opterr = 0;
    flagged = 0;
    printf("%s %s:", how, line);
    for (;;) {
        int index = -1;
        if (strcmp(how, "short") == 0)
            c = getopt(count, words, ":ab:o:l::");
        else if (strcmp(how, "long") == 0)
            c = getopt_long(count, words, ":ab:o:l::", long_options, &index);
        else
            c = getopt_long_only(count, words, ":ab:o:l::", long_options, &index);
        if (c == -1)
            break;
        if (c == 0) {
            printf(" [flag %d]", flagged);
            continue;
        }
        printf(" [%c", c);
        if (index >= 0)
            printf(" %s", long_options[index].name);
        if (strchr("bol", c) != NULL && optarg != NULL)
            printf("=%s", optarg);
        printf("]");
    }
    printf(" then");
    for (int i = optind; i < count; i++)
        printf(" %s", words[i]);
    printf("\n");
}

static void command_lines(void)
{
    take_apart("short", "-a -b value -ovalue -l -l3 -- -a");
    take_apart("short", "-aal3 word");
    take_apart("short", "-ax -b");
    take_apart("long", "--all -a --output=file --output file --level --level=3 --flag -- --all");
    take_apart("long", "--out=file --le --app -abvalue");
    take_apart("long", "--a --unknown --all=no --output");
    take_apart("only", "-all -a --all -append --output=file -output file -level -level=3 -flag word");
    take_apart("only", "-out=file -lev -app -bvalue -b value -afile");
    take_apart("only", "--unknown -aa -l -l3 -output");
    take_apart("only", "-ovalue -o value -ab -b -- -all");
}

static void suboptions(void)
{
    static char *const names[] = {"read", "size", "re", NULL};
    char text[] = "read,size=12,re,,unknown=7,size=,rea,sizes=1,read=x=y,last", *rest = text, *value;

    while (*rest != '\0') {
        int found = getsubopt(&rest, names, &value);
        printf("%d %s; ", found, found >= 0 && value != NULL ? value : "-");
    }
    printf("\n");
}

int main(void)
{
    command_lines();
    suboptions();
    return 0;
}
