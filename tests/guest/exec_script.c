/* SPDX-License-Identifier: MIT */
/* exec_script.c - scripts: how the first line is taken apart, what the interpreter gets, how deep scripts may nest, and what
 * is refused. The interpreter is this program itself, by a short name, so that line lengths do not depend on where it lies. */
#include <fcntl.h>
#include <sys/auxv.h>

#include "check.h"

#ifndef AT_EXECFN
#define AT_EXECFN 31
#endif

#define ME "/tmp/me"
#define SCRIPT "/tmp/script"

static char *environment[] = {"EXECUTED=1", NULL};

/* What this program says as an interpreter. */
static int executed(int argc, char **argv)
{
    char line[480], name[64] = "";
    size_t length = 0;

    for (int i = 0; i < argc; i++) {
        size_t size = strlen(argv[i]);
        if (size > 40)
            length +=
                (size_t)snprintf(line + length, sizeof(line) - length, " [%.8s... %zu bytes]", argv[i], size);
        else
            length += (size_t)snprintf(line + length, sizeof(line) - length, " [%s]", argv[i]);
    }
    FILE *comm = fopen("/proc/self/comm", "r");
    if (!comm || !fgets(name, sizeof(name), comm))
        _exit(95);
    name[strcspn(name, "\n")] = '\0';
    say("   %s, executed as %s, called %s", line, (char *)getauxval(AT_EXECFN), name);
    return 0;
}

static void make_file(const char *path, const char *content, size_t size, int mode)
{
    unlink(path);
    int file = open(path, O_CREAT | O_WRONLY, mode);
    if (file < 0 || write(file, content, size) != (ssize_t)size)
        _exit(96);
    close(file);
}

static void make_script(const char *path, const char *content, size_t size)
{
    make_file(path, content, size, 0755);
}

static void run(void *path)
{
    static char *arguments[] = {"zero", "one", "", "two words", NULL};

    execve(path, arguments, environment);
    say("    %s", error_name(errno));
}

static void run_without_arguments(void *path)
{
    static char *none[] = {"zero", NULL}, *empty[] = {NULL};

    execve(path, none, empty);
    say("    %s", error_name(errno));
}

static void try_bytes(const char *what, const char *content, size_t size)
{
    make_script(SCRIPT, content, size);
    say("%s", what);
    in_child(run, SCRIPT);
}

#define TRY(content) try_bytes(#content, content, sizeof(content) - 1)

/* "#!", then `count` times `filler`, then `tail`. */
static void try_long(const char *start, char filler, size_t count, const char *tail)
{
    char content[600], what[80];
    size_t length = strlen(start);

    memcpy(content, start, length);
    memset(content + length, filler, count);
    memcpy(content + length + count, tail, strlen(tail));
    length += count + strlen(tail);
    snprintf(what, sizeof(what), "%s, %zu times '%c', %zu bytes in all", start, count, filler, length);
    try_bytes(what, content, length);
}

static void lines(void)
{
    TRY("#!" ME);
    TRY("#!" ME "\n");
    TRY("#! \t " ME "\nmore text\n");
    TRY("#!" ME " a\n");
    TRY("#!" ME "\ta  b c \t \n");
    TRY("#!" ME " a\r\n");
    TRY("#!" ME "\0x y\n");
    TRY("#!" ME " a\0b c\n");
    TRY("#!tmp/me\n");
}

static void refusals(void)
{
    TRY("");
    TRY("#");
    TRY("#!");
    TRY("#!\n");
    TRY("#! \t\n" ME "\n");
    TRY("#!  ");
    TRY("#!\0\n");
    TRY("\n#!" ME "\n");
    TRY(" #!" ME "\n");
    TRY("#!/no/such/interpreter\n");
    TRY("#!" ME "\r\n");
    TRY("#!/tmp\n");
    TRY("#!" ME "/x\n");
    make_script("/tmp/text", "text", 4);
    TRY("#!/tmp/text\n");
    make_file("/tmp/text", "text", 4, 0644);
    TRY("#!/tmp/text\n");
    unlink("/tmp/text");
}

static void lengths(void)
{
    try_long("#!", ' ', 253, "");
    try_long("#!", ' ', 254, "");
    try_long("#!/", 'a', 252, "");
    try_long("#!/", 'a', 253, "");
    try_long("#!/", 'a', 252, "\n");
    try_long("#!/", 'a', 253, "\n");
    try_long("#!" ME " ", 'b', 242, " c\n");
    try_long("#!" ME " ", 'b', 243, " c\n");
    try_long("#!" ME " ", 'b', 246, "\n");
    try_long("#!" ME " ", 'b', 400, "\n");
}

/* Script number i is interpreted by script i - 1, the first by this program. */
static void nested(void)
{
    char path[40], content[80];

    for (int i = 1; i <= 7; i++) {
        snprintf(path, sizeof(path), "/tmp/nested%d", i);
        if (i == 1)
            snprintf(content, sizeof(content), "#!" ME "\n");
        else
            snprintf(content, sizeof(content), "#!/tmp/nested%d a%d\n", i - 1, i);
        make_script(path, content, strlen(content));
        say("%d deep", i);
        in_child(run, path);
    }
    make_script("/tmp/nested1", "#!/no/such/interpreter\n", 23);
    for (int i = 5; i <= 7; i++) {
        snprintf(path, sizeof(path), "/tmp/nested%d", i);
        say("%d deep, and no interpreter at the end", i);
        in_child(run, path);
    }
    for (int i = 1; i <= 7; i++) {
        snprintf(path, sizeof(path), "/tmp/nested%d", i);
        unlink(path);
    }
}

/* So many arguments that they fill several pages on their way. */
static void run_many(void *path)
{
    static char *many[1002];

    many[0] = "zero";
    for (int i = 1; i <= 1000; i++)
        many[i] = "an argument of the script";
    execve(path, many, (char *[]){"EXECUTED=2", NULL});
    say("    %s", error_name(errno));
}

static int executed_with_many(int argc, char **argv, char **behind)
{
    long right = 0;

    for (int i = 3; i < argc; i++)
        right += strcmp(argv[i], "an argument of the script") == 0;
    say("    %d arguments, [%s] [%s] [%s], %ld as they were", argc, argv[0], argv[1], argv[2], right);
    expect("the environment begins behind them", behind == argv + argc + 1 && behind[1] == NULL, 1);
    return 0;
}

int main(int argc, char **argv, char **envp)
{
    if (envp[0] && strcmp(envp[0], "EXECUTED=1") == 0)
        return executed(argc, argv);
    if (envp[0] && strcmp(envp[0], "EXECUTED=2") == 0)
        return executed_with_many(argc, argv, envp);
    if (!envp[0])
        return say("    no environment, %d arguments, [%s] [%s]", argc, argv[0], argv[1]), 0;
    unlink(ME);
    if (symlink(argv[0], ME) != 0 || chdir("/") != 0)
        return 97;
    lines();
    refusals();
    lengths();
    nested();
    make_script(SCRIPT, "#!" ME " a\n", sizeof("#!" ME " a\n") - 1);
    say("many arguments");
    in_child(run_many, SCRIPT);
    say("no arguments");
    in_child(run_without_arguments, SCRIPT);
    unlink(SCRIPT);
    unlink(ME);
    return finish();
}
