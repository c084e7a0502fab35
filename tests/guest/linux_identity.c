/* SPDX-License-Identifier: MIT */
/* linux_identity.c - root that stays root: the calls that programs make to be sure of it; the links of /proc/self/task. */
#include <grp.h>
#include <pthread.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include "check.h"

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_it(void *unused)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    return unused;
}

static long task_links(void)
{
    struct stat stat_of_task;

    return stat("/proc/self/task", &stat_of_task) == 0 ? (long)stat_of_task.st_nlink : -1;
}

int main(void)
{
    uid_t real = 1, effective = 1, saved = 1;
    pthread_t thread;
    gid_t group = 0;

    expect("getresuid", getresuid(&real, &effective, &saved), 0);
    expect("all of them root", real + effective + saved, 0);
    expect("getresgid", getresgid(&real, &effective, &saved), 0);
    expect("setuid", setuid(0), 0);
    expect("setgid", setgid(0), 0);
    expect("setreuid", setreuid((uid_t)-1, 0), 0);
    expect("setregid", setregid(0, (gid_t)-1), 0);
    expect("setresuid", setresuid(0, 0, (uid_t)-1), 0);
    expect("setresgid", setresgid((gid_t)-1, (gid_t)-1, (gid_t)-1), 0);
    expect("setgroups", setgroups(1, &group), 0);
    expect("no groups", setgroups(0, NULL), 0);
    expect("addresses are not randomised", personality(0xffffffff) & ADDR_NO_RANDOMIZE, ADDR_NO_RANDOMIZE);
    expect("and stay", personality(ADDR_NO_RANDOMIZE), ADDR_NO_RANDOMIZE);
    expect("no attributes", listxattr("/proc/self/exe", NULL, 0), 0);
    expect("one thread", task_links(), 3);
    pthread_mutex_lock(&held);
    pthread_create(&thread, NULL, wait_for_it, NULL);
    expect("two threads", task_links(), 4);
    pthread_mutex_unlock(&held);
    pthread_join(thread, NULL);
    return finish();
}
