/* SPDX-License-Identifier: MIT */
/* sh - a minimal prompt: enough to run the experiments by name.
 *
 *   name arg 'quoted arg' "quoted arg" a\ b ; next     $? is the last status     # starts a comment
 *   cd [PATH]   exit [N]   help                         done by the shell itself
 *
 * A name without a slash is looked for in /bin. No pipes, no variables but $?, no jobs, no line editing: the
 * terminal's own (backspace, Ctrl-U, Ctrl-C). Without a terminal it reads commands until the end of its input
 * and prints no prompt. `sh -c 'line'` runs one line. Nothing is allocated: lines and words have fixed room.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_ROOM 4096
#define WORDS_MAX 64
#define NOT_FOUND 127
#define CANNOT_RUN 126

static int last_status;
static bool on_terminal;

/* ---- help ---- */

struct topic {
    const char *name, *text; /* a name of NULL starts a group */
};

static const struct topic topics[] = {
    {NULL, "Start here"},
    {"tour", "malloc's whole way in six steps (tour -s waits at each)"},
    {NULL, "Experiments: promises and pages"},
    {"vmrss", "malloc(1 GiB) is a promise; the touch keeps it"},
    {"status", "what moves VmSize, VmRSS, VmData, ...: one mover each"},
    {"regions", "where text, data, bss, heap, mappings and stack lie"},
    {"array", "int[100000]: in the heap or not? (array -p runs pmap, free)"},
    {"mapfile", "a file as memory: read-only, private, shared"},
    {NULL, "Experiments: malloc, brk and mmap"},
    {"malloc1", "malloc(1) makes a heap of 132 KiB"},
    {"malloc128k", "malloc(128 KiB) gets a row of its own; free removes it"},
    {"sbrk100m", "the break moves by 100 MiB, nothing becomes resident"},
    {"threads", "two threads, each with its own stack"},
    {"mmap13k", "13*1023 bytes become 16 KiB"},
    {"allbrk", "what if malloc used only brk? the hole that stays"},
    {"allmmap", "what if malloc used only mmap? a fault for each page, always"},
    {"header16", "free(p) gets only a pointer: the 16 bytes before it"},
    {NULL, "Experiments: protection"},
    {"protect", "a page made read-only, then written to"},
    {"rings", "what ring 3 may not do: cli, hlt, in, kernel memory, ..."},
    {"isolate", "two processes, one address, two frames"},
    {NULL, "Experiments: giving back"},
    {"leak", "never freed, and gone after exit (leak -forever: until OOM)"},
    {"/bin/exit", "what the kernel takes back when a process ends"},
    {NULL, "Experiments: five common errors, diagnosed"},
    {"bug-unalloc", "a write through a pointer that was never set"},
    {"bug-small", "a buffer that is one byte too small"},
    {"bug-uninit", "memory read before it was written"},
    {"bug-uaf", "memory used after free"},
    {"bug-dfree", "memory freed twice"},
    {NULL, "Tools"},
    {"pmap", "pmap [-x] PID: the regions of a process (pmap 1: init)"},
    {"free", "free [-b|-k|-m]: the machine's memory"},
    {"cat", "cat /proc/self/maps, cat /proc/meminfo, ..."},
    {"ls", "ls [-l] [PATH]"},
    {"echo", "echo $? shows the last status"},
    {"cd, exit, help", NULL},
};

static bool is_there(const char *name)
{
    char path[64];

    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    snprintf(path, sizeof(path), "/bin/%s", name);
    return access(path, X_OK) == 0;
}

static int run_help(void)
{
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        const struct topic *topic = &topics[i];

        if (!topic->name)
            printf("%s\n", topic->text);
        else if (!topic->text)
            printf("  %s are done by this shell; exit powers off\n", topic->name);
        else if (is_there(topic->name))
            printf("  %-12s %s\n", topic->name, topic->text);
    }
    return 0;
}

static void print_banner(void)
{
    printf("\nFaultline: a small system that shows where malloc's memory comes from.\n"
           "  tour   walks the whole way: malloc, brk or mmap, page fault, frame\n"
           "  help   lists the experiments\n"
           "  exit   powers off;  Ctrl-A X leaves QEMU at any time\n"
           "  malloc 的内存从哪里来？输入 tour 看全过程，help 列出实验，exit 关机，Ctrl-A X 退出 QEMU。\n\n");
}

/* ---- running a program ---- */

static const char *signal_words(int number)
{
    switch (number) {
    case SIGSEGV:
        return "Segmentation fault";
    case SIGBUS:
        return "Bus error";
    case SIGILL:
        return "Illegal instruction";
    case SIGFPE:
        return "Floating point exception";
    case SIGTRAP:
        return "Trace/breakpoint trap";
    case SIGABRT:
        return "Aborted";
    case SIGKILL:
        return "Killed";
    case SIGTERM:
        return "Terminated";
    case SIGHUP:
        return "Hangup";
    case SIGINT:
        return ""; /* whoever pressed Ctrl-C knows */
    default:
        return NULL;
    }
}

static int status_from_wait(int status)
{
    const char *words;

    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    words = signal_words(WTERMSIG(status));
    if (words)
        fprintf(stderr, "%s\n", words);
    else
        fprintf(stderr, "Ended by signal %d\n", WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

/* The child: never returns. */
static void exec_program(char **words)
{
    extern char **environ;
    char path[PATH_MAX];
    int error;

    if (on_terminal) {
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
    }
    if (strchr(words[0], '/'))
        snprintf(path, sizeof(path), "%s", words[0]);
    else
        snprintf(path, sizeof(path), "/bin/%s", words[0]);
    execve(path, words, environ);
    error = errno;
    if (error == ENOENT || error == ENOTDIR)
        fprintf(stderr, "%s: not found\n", words[0]);
    else
        fprintf(stderr, "%s: %s\n", words[0], strerror(error));
    _exit(error == ENOENT || error == ENOTDIR ? NOT_FOUND : CANNOT_RUN);
}

/* Ctrl-C and Ctrl-\ are for the program, not for the shell. Nobody is stopped by Ctrl-Z: there are no jobs
 * here, so nobody could make it go on. */
static void ignore_keys(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTSTP, SIG_IGN);
}

static int run_program(char **words)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0)
        exec_program(words);
    if (child < 0) {
        fprintf(stderr, "sh: fork: %s\n", strerror(errno));
        return CANNOT_RUN;
    }
    while (waitpid(child, &status, 0) != child) {
        if (errno != EINTR)
            return CANNOT_RUN;
    }
    return status_from_wait(status);
}

static int run_cd(const char *path)
{
    if (!path)
        path = getenv("HOME") ? getenv("HOME") : "/";
    if (chdir(path) == 0)
        return 0;
    fprintf(stderr, "cd: %s: %s\n", path, strerror(errno));
    return 1;
}

static int run_words(char **words, size_t count)
{
    if (strcmp(words[0], "cd") == 0)
        return run_cd(words[1]);
    if (strcmp(words[0], "help") == 0)
        return run_help();
    if (strcmp(words[0], "exit") == 0) {
        fflush(stdout);
        exit(count > 1 ? atoi(words[1]) & 255 : last_status);
    }
    return run_program(words);
}

/* ---- from a line to words ---- */

struct cutter {
    const char *at;        /* what is left of the line */
    char *room, *room_end; /* where the words are put together */
    char quote;            /* the quote that is open, or 0 */
};

/* Puts one character, or what it stands for, into the word. */
static void take_character(struct cutter *cutter)
{
    char now = *cutter->at++;

    if (cutter->quote ? now == cutter->quote : now == '\'' || now == '"') {
        cutter->quote = cutter->quote ? '\0' : now;
    } else if (now == '\\' && cutter->quote != '\'' && *cutter->at) {
        *cutter->room++ = *cutter->at++;
    } else if (now == '$' && *cutter->at == '?' && cutter->quote != '\'') {
        cutter->room += snprintf(cutter->room, 4, "%d", last_status);
        cutter->at++;
    } else {
        *cutter->room++ = now;
    }
}

/* => the word, NULL at the end of the command; the line is left at `;` or at its end then */
static char *cut_word(struct cutter *cutter)
{
    char *word = cutter->room;

    cutter->at += strspn(cutter->at, " \t");
    if (*cutter->at == '#')
        cutter->at += strlen(cutter->at);
    if (*cutter->at == '\0' || *cutter->at == ';')
        return NULL;
    while (*cutter->at && (cutter->quote || !strchr(" \t;", *cutter->at))) {
        if (cutter->room_end - cutter->room < 8)
            return NULL;
        take_character(cutter);
    }
    *cutter->room++ = '\0';
    return word;
}

/* => false when the line makes no sense: a quote without its end, or too many words */
static bool cut_command(struct cutter *cutter, char **words, size_t *count)
{
    *count = 0;
    while (*count < WORDS_MAX - 1) {
        words[*count] = cut_word(cutter);
        if (!words[*count])
            return !cutter->quote && (*cutter->at == '\0' || *cutter->at == ';');
        ++*count;
    }
    return false;
}

static void run_line(const char *line)
{
    static char room[2 * LINE_ROOM];
    static char *words[WORDS_MAX];
    struct cutter cutter = {line, room, room + sizeof(room), '\0'};

    for (;;) {
        size_t count;

        cutter.room = room;
        if (!cut_command(&cutter, words, &count)) {
            fprintf(stderr, "sh: a quote is open, or the line is too long\n");
            last_status = 2;
            return;
        }
        if (count > 0)
            last_status = run_words(words, count);
        if (*cutter.at++ != ';')
            return;
    }
}

/* ---- the loop ---- */

static void print_prompt(void)
{
    char path[PATH_MAX];

    printf("%s # ", getcwd(path, sizeof(path)) ? path : "?");
    fflush(stdout);
}

/* Reads byte by byte: what follows the line belongs to the program that the line starts.
 * => false at the end of the input */
static bool read_line(char *line)
{
    size_t length = 0;
    char byte;

    for (;;) {
        ssize_t got = read(STDIN_FILENO, &byte, 1);

        if (got < 0 && errno == EINTR) {
            length = 0;
            break;
        }
        if (got <= 0 && length == 0)
            return false;
        if (got <= 0 || byte == '\n')
            break;
        if (length < LINE_ROOM - 1)
            line[length++] = byte;
    }
    line[length] = '\0';
    return true;
}

int main(int argc, char **argv)
{
    static char line[LINE_ROOM];

    if (argc > 1 && (strcmp(argv[1], "-c") != 0 || argc < 3)) {
        fprintf(stderr, "usage: sh [-c LINE]\n");
        return 2;
    }
    if (argc > 2) {
        run_line(argv[2]);
        return last_status;
    }
    on_terminal = isatty(STDIN_FILENO);
    if (on_terminal) {
        ignore_keys();
        print_banner();
    }
    for (;;) {
        if (on_terminal)
            print_prompt();
        if (!read_line(line))
            break;
        run_line(line);
    }
    if (on_terminal)
        putchar('\n');
    fflush(stdout);
    return last_status;
}
