/* SPDX-License-Identifier: MIT */
/* proc_exec.c - execve: arguments, environment and auxiliary vector as the ABI wants them, and what cannot be executed. */
#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "check.h"

#ifndef AT_EXECFN
#define AT_EXECFN 31
#endif

static char file_name[] = "/tmp/faultline-exec-test";

/* The auxiliary vector's types, in their order. Of Linux's entries those about rseq (27, 28; since 6.3) are no part. */
static void list_auxiliary_vector(char **environment)
{
    char line[200];
    size_t length = 0;

    while (*environment)
        environment++;
    for (const unsigned long *entry = (const unsigned long *)(environment + 1); entry[0] != AT_NULL;
         entry += 2)
        if (entry[0] != 27 && entry[0] != 28)
            length += (size_t)snprintf(line + length, sizeof(line) - length, " %lu", entry[0]);
    say("auxiliary vector:%s", line);
}

/* What the second life of this program prints. */
static int executed(int argc, char **argv, char **environment)
{
    for (int i = 0; i < argc; i++)
        say("argument %d: '%s'", i, argv[i]);
    for (int i = 0; i < 2; i++)
        say("environment %d: '%s'", i, environment[i]);
    expect("behind the arguments a null", argv[argc] == NULL, 1);
    expect("page size", (long)getauxval(AT_PAGESZ), PAGE);
    expect("random bytes are there", getauxval(AT_RANDOM) != 0, 1);
    expect("they are not those of the first life",
           memcmp((void *)getauxval(AT_RANDOM), environment[2] + 7, 16) != 0, 1);
    list_auxiliary_vector(environment);
    expect("the vDSO is an ELF file", memcmp((void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, SELFMAG) == 0, 1);
    expect("size of a program header", (long)getauxval(AT_PHENT), 56);
    expect("program headers are those of this file", *(int *)(getauxval(AT_PHDR) - 64) == 0x464c457f, 1);
    expect("an entry point", getauxval(AT_ENTRY) != 0, 1);
    expect("no secure mode", (long)getauxval(AT_SECURE), 0);
    say("executed as '%s'", getauxval(AT_EXECFN) ? (char *)getauxval(AT_EXECFN) : "?");
    return finish();
}

static int try(const char *path, char **argv, char **environment)
{
    errno = 0;
    execve(path, argv, environment);
    return -1;
}

static void make_file(const char *content, size_t size, int mode)
{
    int file;

    unlink(file_name);
    file = open(file_name, O_CREAT | O_WRONLY | O_TRUNC, mode);
    if (file < 0 || write(file, content, size) != (ssize_t)size)
        _exit(96);
    close(file);
}

static void refusals(char *self)
{
    static char *no_arguments[] = {"x", NULL}, *none[] = {NULL};
    static char *many[4000];
    size_t huge = 200 * 1024;
    char *text = mmap(NULL, huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char below[300];

    snprintf(below, sizeof(below), "%s/x", self);
    expect_error("no such file", try("/no/such/program", no_arguments, none), ENOENT);
    expect_error("below a file", try(below, no_arguments, none), ENOTDIR);
    expect_error("a directory", try("/", no_arguments, none), EACCES);
    make_file("hello", 5, 0644);
    expect_error("not executable", try(file_name, no_arguments, none), EACCES);
    make_file("hello", 5, 0755);
    expect_error("text", try(file_name, no_arguments, none), ENOEXEC);
    make_file("", 0, 0755);
    expect_error("an empty file", try(file_name, no_arguments, none), ENOEXEC);
    make_file("\177ELF", 4, 0755);
    expect_error("four bytes of ELF", try(file_name, no_arguments, none), ENOEXEC);
    memset(text, 'a', huge - 1);
    many[0] = text;
    expect_error("one argument of 200 KiB", try(self, many, none), E2BIG);
    text[1000] = '\0';
    for (int i = 0; i < 3999; i++)
        many[i] = text;
    expect_error("arguments of 4 MB in all", try(self, many, none), E2BIG);
    unlink(file_name);
}

static void run(void *self)
{
    static char *arguments[] = {"second life", "", "with spaces in it", "\xc3\xa4", NULL};
    static char random[24] = "RANDOM="; /* this life's random bytes, without zeros */
    static char *environment[] = {"EXECUTED=1", "EMPTY=", random, NULL};

    memcpy(random + 7, (void *)getauxval(AT_RANDOM), 16);
    for (int i = 7; i < 7 + 16; i++)
        random[i] = (char)(random[i] ? random[i] : 1);
    try(self, arguments, environment);
}

int main(int argc, char **argv, char **environment)
{
    if (environment[0] && strcmp(environment[0], "EXECUTED=1") == 0)
        return executed(argc, argv, environment);
    refusals(argv[0]);
    expect_signal("the second life ends", run, argv[0], 0);
    return finish();
}
