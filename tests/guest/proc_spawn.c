/* SPDX-License-Identifier: MIT */
/* proc_spawn.c - posix_spawn: its child's files, directory, signals, session and group, what fails; and the shell of system and popen.
 *
 * The child is this program again, which says what it finds. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>

#include "check.h"

#define FOLDER "/tmp/faultline-spawn"
#define NO_GROUP INT_MAX

enum { FIRST_FD = 20, LAST_FD = 25 };

extern char **environ;

static char self[PATH_MAX];

/* ---- The second life */

static void say_files(void)
{
    char directory[PATH_MAX];

    for (int fd = FIRST_FD; fd <= LAST_FD; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            say("    child: %d is open", fd);
    say("    child: in %s", getcwd(directory, sizeof(directory)));
}

static void say_signals(void)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGTERM};
    struct sigaction action;
    sigset_t mask;

    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], NULL, &action);
        say("    child: %s is %s%s", strsignal(numbers[i]),
            action.sa_handler == SIG_DFL ? "as at first" : "ignored",
            sigismember(&mask, numbers[i]) ? ", held back" : "");
    }
}

static void say_group(void)
{
    say("    child: session %s, group %s", getsid(0) == getpid() ? "of its own" : "its parent's",
        getpgrp() == getpid()             ? "of its own"
        : getpgrp() == getpgid(getppid()) ? "its parent's"
                                          : "another");
}

static int second_life(const char *what)
{
    if (strcmp(what, "files") == 0)
        say_files();
    else if (strcmp(what, "signals") == 0)
        say_signals();
    else if (strcmp(what, "group") == 0)
        say_group();
    else
        say("    child: %s", getenv("WORD"));
    return 7;
}

/* ---- The first */

typedef int spawn_function(pid_t *restrict, const char *restrict, const posix_spawn_file_actions_t *,
                           const posix_spawnattr_t *restrict, char *const[restrict], char *const[restrict]);

static bool childless(void)
{
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

/* A child that is there must end with what second_life returns, one that is not must have left nothing. */
static void try(const char *what, spawn_function *spawn, const char *program,
                const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *word,
                int error)
{
    char *words[] = {"proc_spawn", word, NULL}, *environment[] = {"WORD=given", NULL};
    pid_t child = -5;
    int got = spawn(&child, program, actions, attributes, words, environment), status = -1;

    if (error == 0) {
        if (got == 0)
            waitpid(child, &status, 0);
        expect(what, got, 0);
        expect("    ended with", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 7);
        return;
    }
    errno = got;
    expect_error(what, got ? -1 : 0, error);
    expect("    no number and no child", child == -5 && childless(), true);
}

static void files(void)
{
    posix_spawn_file_actions_t actions;

    expect("actions", posix_spawn_file_actions_init(&actions), 0);
    expect("    a negative descriptor", posix_spawn_file_actions_addclose(&actions, -1), EBADF);
    expect("    opened", posix_spawn_file_actions_addopen(&actions, -1, "/", O_RDONLY, 0), EBADF);
    expect("    copied", posix_spawn_file_actions_adddup2(&actions, -1, 1), EBADF);
    expect("    copied onto", posix_spawn_file_actions_adddup2(&actions, 1, -1), EBADF);
    try("none", posix_spawn, self, &actions, NULL, "files", 0);

    char path[] = FOLDER "/file";

    posix_spawn_file_actions_addopen(&actions, 20, path, O_CREAT | O_WRONLY | O_EXCL, 0640);
    memset(path, 'x', sizeof(path) - 1);
    posix_spawn_file_actions_adddup2(&actions, 20, 21);
    posix_spawn_file_actions_addclose(&actions, 20);
    posix_spawn_file_actions_addclose(&actions, 22);
    posix_spawn_file_actions_addopen(&actions, 21, FOLDER "/file", O_RDONLY, 0);
    try("open, dup2, close, close again, open over it", posix_spawn, self, &actions, NULL, "files", 0);
    expect("    not here", fcntl(21, F_GETFD), -1);

    struct stat state = {0};

    stat(FOLDER "/file", &state);
    expect("    the file's mode", state.st_mode & 0777, 0640);
    try("a second time it is there", posix_spawn, self, &actions, NULL, "files", EEXIST);
    posix_spawn_file_actions_destroy(&actions);

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, 20, 21);
    posix_spawn_file_actions_addopen(&actions, 20, FOLDER "/file", O_RDONLY, 0);
    try("dup2 before open", posix_spawn, self, &actions, NULL, "files", EBADF);
    posix_spawn_file_actions_destroy(&actions);

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 20, FOLDER "/missing", O_RDONLY, 0);
    try("open of a missing file", posix_spawn, self, &actions, NULL, "files", ENOENT);
    posix_spawn_file_actions_destroy(&actions);
}

static void close_on_exec(void)
{
    posix_spawn_file_actions_t actions;
    int file = open(FOLDER "/file", O_RDONLY | O_CLOEXEC);

    dup3(file, 23, O_CLOEXEC);
    dup3(file, 24, O_CLOEXEC);
    close(file);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, 23, 23);
    posix_spawn_file_actions_adddup2(&actions, 24, 25);
    try("dup2 onto itself and onto another", posix_spawn, self, &actions, NULL, "files", 0);
    expect("    closed on exec here", fcntl(23, F_GETFD), FD_CLOEXEC);
    posix_spawn_file_actions_adddup2(&actions, 22, 22);
    try("of what is not open", posix_spawn, self, &actions, NULL, "files", EBADF);
    posix_spawn_file_actions_destroy(&actions);
    close(23);
    close(24);
}

static void directories(void)
{
    posix_spawn_file_actions_t actions;
    char before[PATH_MAX], after[PATH_MAX];

    getcwd(before, sizeof(before));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, FOLDER);
    posix_spawn_file_actions_addopen(&actions, 20, "file", O_RDONLY, 0);
    try("a name in another directory", posix_spawn, self, &actions, NULL, "files", 0);
    posix_spawn_file_actions_addopen(&actions, 21, "/", O_RDONLY | O_DIRECTORY, 0);
    posix_spawn_file_actions_addfchdir_np(&actions, 21);
    try("and on to an open one", posix_spawn, self, &actions, NULL, "files", 0);
    posix_spawn_file_actions_addfchdir_np(&actions, 20);
    try("a file is none", posix_spawn, self, &actions, NULL, "files", ENOTDIR);
    posix_spawn_file_actions_destroy(&actions);

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, FOLDER "/missing");
    try("a missing directory", posix_spawn, self, &actions, NULL, "files", ENOENT);
    posix_spawn_file_actions_destroy(&actions);
    expect("here it is the same as before", strcmp(before, getcwd(after, sizeof(after))), 0);
}

static void search(void)
{
    try("a path", posix_spawn, self, NULL, NULL, "word", 0);
    try("a path that is missing", posix_spawn, FOLDER "/missing", NULL, NULL, "word", ENOENT);
    try("a file that is no program", posix_spawn, FOLDER "/file", NULL, NULL, "word", EACCES);
    setenv("PATH", "/nowhere:" FOLDER, 1);
    try("a name", posix_spawn, "faultline-self", NULL, NULL, "word", ENOENT);
    try("along PATH", posix_spawnp, "faultline-self", NULL, NULL, "word", 0);
    try("a path all the same", posix_spawnp, self, NULL, NULL, "word", 0);
    try("a name that is missing", posix_spawnp, "faultline-missing", NULL, NULL, "word", ENOENT);
    try("a name of what is no program", posix_spawnp, "file", NULL, NULL, "word", EACCES);
    setenv("PATH", "/bin:/usr/bin", 1);
}

static void values(void)
{
    posix_spawnattr_t attributes;
    short flags = -1;
    pid_t group = -1;
    sigset_t signals;

    posix_spawnattr_init(&attributes);
    posix_spawnattr_getflags(&attributes, &flags);
    expect("flags at first", flags, 0);
    posix_spawnattr_getpgroup(&attributes, &group);
    expect("group at first", group, 0);
    posix_spawnattr_getsigmask(&attributes, &signals);
    expect("signals at first", sigismember(&signals, SIGHUP), 0);
    expect("a flag that does not exist", posix_spawnattr_setflags(&attributes, 0x4000), EINVAL);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_getflags(&attributes, &flags);
    expect("flags kept", flags, 0x82);
    posix_spawnattr_setpgroup(&attributes, 77);
    posix_spawnattr_getpgroup(&attributes, &group);
    expect("a group kept", group, 77);
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    sigemptyset(&signals);
    posix_spawnattr_getsigdefault(&attributes, &signals);
    expect("signals kept", sigismember(&signals, SIGHUP), 1);
    posix_spawnattr_destroy(&attributes);
}

static void groups(void)
{
    posix_spawnattr_t attributes;

    setpgid(0, 0); /* whoever started us may have left us in a group that has no number here */
    posix_spawnattr_init(&attributes);
    try("neither", posix_spawn, self, NULL, &attributes, "group", 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    try("a group", posix_spawn, self, NULL, &attributes, "group", 0);
    posix_spawnattr_setpgroup(&attributes, getpgrp());
    try("this group", posix_spawn, self, NULL, &attributes, "group", 0);
    posix_spawnattr_setpgroup(&attributes, NO_GROUP);
    try("no group", posix_spawn, self, NULL, &attributes, "group", EPERM);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    try("a session", posix_spawn, self, NULL, &attributes, "group", 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_RESETIDS | POSIX_SPAWN_USEVFORK);
    try("the user that it is", posix_spawn, self, NULL, &attributes, "group", 0);
    posix_spawnattr_destroy(&attributes);
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
    handled = number;
}

static void signals(void)
{
    posix_spawnattr_t attributes;
    sigset_t set, mask;

    signal(SIGUSR1, handle);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    try("signals, nothing asked for", posix_spawn, self, NULL, NULL, "signals", 0);

    posix_spawnattr_init(&attributes);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    try("two as at first", posix_spawn, self, NULL, &attributes, "signals", 0);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    posix_spawnattr_setsigmask(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    try("another mask", posix_spawn, self, NULL, &attributes, "signals", 0);
    posix_spawnattr_destroy(&attributes);

    sigprocmask(SIG_BLOCK, NULL, &mask);
    expect("the mask here", sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGHUP) == 0, true);
    raise(SIGUSR1);
    expect("the handler here", handled, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static void reap(int number)
{
    int saved = errno;

    (void)number;
    waitpid(-1, NULL, WNOHANG);
    errno = saved;
}

/* A shell that lives on must not hold the pipe to an earlier one open: that would never end. */
static void streams(void)
{
    FILE *first = popen("cat > /dev/null; exit 5", "w"), *second = popen("read line; exit 6", "w");

    expect("the first shell ends before the second", WEXITSTATUS(pclose(first)), 5);
    expect("    and this one after it", WEXITSTATUS(pclose(second)), 6);
}

static void shell(void)
{
    struct sigaction action;
    sigset_t mask;

    signal(SIGINT, handle);
    handled = 0;
    expect("an interrupt while a command runs", WEXITSTATUS(system("kill -INT $PPID; exit 4")), 4);
    expect("    is not heeded here", handled, 0);
    expect("    ends the command", WTERMSIG(system("kill -INT $$; exit 4")), SIGINT);
    sigaction(SIGINT, NULL, &action);
    expect("    and is heeded again afterwards", action.sa_handler == handle, true);
    signal(SIGINT, SIG_IGN);
    expect("an ignored one stays ignored", WEXITSTATUS(system("kill -INT $$; exit 4")), 4);
    signal(SIGINT, SIG_DFL);

    signal(SIGCHLD, reap);
    expect("a handler of SIGCHLD does not take the status", WEXITSTATUS(system("exit 4")), 4);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    expect("    and is not held back afterwards", sigismember(&mask, SIGCHLD), 0);
    signal(SIGCHLD, SIG_DFL);
    expect("there is a shell", system(NULL) != 0, true);
    expect("it does not know everything", WEXITSTATUS(system("/nowhere 2> /dev/null")), 127);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return second_life(argv[1]);
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        return 1;
    if (chdir("/tmp") != 0)
        return 1;
    unlink(FOLDER "/file");
    unlink(FOLDER "/faultline-self");
    mkdir(FOLDER, 0755);
    if (symlink(self, FOLDER "/faultline-self") != 0)
        return 1;
    files();
    close_on_exec();
    directories();
    search();
    values();
    groups();
    signals();
    streams();
    shell();
    unlink(FOLDER "/file");
    unlink(FOLDER "/faultline-self");
    rmdir(FOLDER);
    return finish();
}
