/* SPDX-License-Identifier: MIT */
/* proc_oom.c - oom_score_adj and oom_adj: what can be written, what it reads as then, who inherits it, what it does to oom_score.
 *
 * oom_score_adj does not go below 0 here, and oom_adj not down: on Linux that takes a capability which not every root has. */
#include <fcntl.h>
#include <signal.h>

#include "check.h"

static long put(const char *file, const char *text, size_t size)
{
    int fd = open(file, O_WRONLY);
    long result = write(fd, text, size);

    result = result < 0 ? -errno : result;
    close(fd);
    return result;
}

static int get(const char *file)
{
    char text[32] = "";
    int fd = open(file, O_RDONLY);

    if (read(fd, text, sizeof(text) - 1) < 0)
        return -errno;
    close(fd);
    return atoi(text);
}

#define ADJ "/proc/self/oom_score_adj"
#define OLD "/proc/self/oom_adj"

static void texts(const char *file)
{
    static const char *const good[] = {
        "7", "9\n", " 8 ",           "\t6\n",         "+5",   "0x0c", "010", "000",
        "0", "15",  "  12        x", "11          x", "1\0x", "0XA"};
    static const char *const bad[] = {
        "",      "x",     "1 2",    "3x", "0x",          "08",  "- 1",          "1.5", "--1",       "1001",
        "-1001", "16000", "-18000", "\n", "99999999999", "0xg", "-99999999999", "+",   "2147483648"};

    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        size_t size = i == 12 ? 3 : strlen(good[i]);
        say("%s: \"%s\": %ld of %zu, reads %d", file, good[i], put(file, good[i], size), size, get(file));
    }
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        say("%s: \"%s\": %ld, reads %d", file, bad[i], put(file, bad[i], strlen(bad[i])), get(file));
    expect_error("from nowhere", put(file, (char *)8, 2) == -EFAULT ? 0 : -1, 0);
}

static void both_names(void)
{
    static const char *const values[] = {"0",   "1",   "58",  "59",  "117", "118",
                                         "500", "940", "941", "999", "1000"};
    static const char *const olds[] = {"1", "2", "7", "14", "15"};

    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        put(ADJ, values[i], strlen(values[i]));
        say("oom_score_adj %s: oom_adj %d", values[i], get(OLD));
    }
    put(ADJ, "0", 1);
    for (unsigned i = 0; i < sizeof(olds) / sizeof(olds[0]); i++) {
        put(OLD, olds[i], strlen(olds[i]));
        say("oom_adj %s: oom_score_adj %d", olds[i], get(ADJ));
    }
}

static void heirs(void)
{
    char path[64];
    int status;

    put(ADJ, "300", 3);
    pid_t child = fork();
    if (child == 0) {
        bool same = get(ADJ) == 300;
        put(ADJ, "400", 3);
        _exit(same && get(ADJ) == 400 ? 0 : 1);
    }
    waitpid(child, &status, 0);
    expect("a child inherits it, and has its own", status, 0);
    expect("the parent's stays", get(ADJ), 300);
    child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "proc_oom", "again", NULL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    expect("so does a new program", WEXITSTATUS(status), 30);
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", child);
    expect("another process's can be set", put(path, "700", 3), 3);
    expect("... and is its own", get(path) == 700 && get(ADJ) == 300, 1);
    int fd = open(path, O_RDWR);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    expect("written when it is gone", write(fd, "1", 1) == -1 ? errno : 0, ESRCH);
    expect("read when it is gone", read(fd, path, 1) == -1 ? errno : 0, ESRCH);
}

/* (1000 + its thousandths of the memory + adj) * 2 / 3: this program has less than a tenth. The thousandths of a small
 * machine's memory are rounded down, to whole pages. */
static void scores(void)
{
    put(ADJ, "0", 1);
    int score = get("/proc/self/oom_score");
    expect("nearly nothing: 666", score >= 666 && score < 730, 1);
    put(ADJ, "600", 3);
    score = get("/proc/self/oom_score");
    expect("600 more", score >= 1050 && score < 1130, 1);
    put(ADJ, "1000", 4);
    score = get("/proc/self/oom_score");
    expect("1000 more", score >= 1310 && score < 1400, 1);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return get(ADJ) / 10;
    texts(ADJ);
    both_names();
    heirs();
    scores();
    return finish();
}
