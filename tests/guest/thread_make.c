/* SPDX-License-Identifier: MIT */
/* thread_make.c - what pthread_create is asked for and what a thread has: stacks, guards, names, memory that comes back; fork beside
 * threads that allocate. */
#include <pthread.h>
#include <sys/mman.h>

#include "threads.h"

#define CROWD 6

static void *digit(long value)
{
    return (void *)(intptr_t)value;
}

static void *come_back(void *value)
{
    return value;
}

/* ---- Attributes ---- */

static void attributes(void)
{
    static char stack[65536];
    pthread_attr_t attr;
    size_t size = 0;
    void *start = NULL;
    int state = -1;

    expect("init", pthread_attr_init(&attr), 0);
    pthread_attr_getdetachstate(&attr, &state);
    expect("joinable at first", state == PTHREAD_CREATE_JOINABLE, 1);
    expect("no such state", pthread_attr_setdetachstate(&attr, 77), EINVAL);
    expect("a stack that is too small", pthread_attr_setstacksize(&attr, 100), EINVAL);
    expect("another size", pthread_attr_setstacksize(&attr, 1 << 20), 0);
    pthread_attr_getstacksize(&attr, &size);
    expect("    is kept", (long)size, 1 << 20);
    expect("a guard", pthread_attr_setguardsize(&attr, 8192), 0);
    pthread_attr_getguardsize(&attr, &size);
    expect("    is kept", (long)size, 8192);
    expect("a stack of ours that is too small", pthread_attr_setstack(&attr, stack, 100), EINVAL);
    expect("a stack of ours", pthread_attr_setstack(&attr, stack, sizeof(stack)), 0);
    pthread_attr_getstack(&attr, &start, &size);
    expect("    is kept", start == stack && size == sizeof(stack), 1);
    expect("destroy", pthread_attr_destroy(&attr), 0);
}

/* ---- Stacks ---- */

struct place {
    char *start;
    size_t size, guard;
    bool local_is_there;
    int state;
};

static struct place stack_of_self(void)
{
    pthread_attr_t attr;
    struct place place = {0};
    void *start = NULL;
    char local;

    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return place;
    pthread_attr_getstack(&attr, &start, &place.size);
    pthread_attr_getguardsize(&attr, &place.guard);
    pthread_attr_getdetachstate(&attr, &place.state);
    place.start = start;
    place.local_is_there = &local >= place.start && &local < place.start + place.size;
    return place;
}

static void *look(void *place)
{
    *(struct place *)place = stack_of_self();
    return NULL;
}

static void stacks(void)
{
    static char own[65536] __attribute__((aligned(64)));
    struct place place = stack_of_self();
    pthread_attr_t attr;
    pthread_t thread;

    expect("the first thread's stack holds its variables", place.local_is_there, 1);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 3 << 20);
    pthread_attr_setguardsize(&attr, 100);
    expect("a thread with 3 MiB", pthread_create(&thread, &attr, look, &place), 0);
    pthread_join(thread, NULL);
    expect("    its stack holds its variables", place.local_is_there, 1);
    expect("    is as large, nearly", place.size > (3 << 20) - 65536 && place.size <= (3 << 20) + 65536, 1);
    expect("    has a guard of whole pages", (long)place.guard, PAGE);
    pthread_attr_setstack(&attr, own, sizeof(own));
    expect("a thread on our own", pthread_create(&thread, &attr, look, &place), 0);
    pthread_join(thread, NULL);
    expect("    its variables are there",
           place.start >= own && place.start + place.size <= own + sizeof(own) && place.local_is_there, 1);
    pthread_attr_destroy(&attr);
}

static void *write_below(void *unused)
{
    char *start = stack_of_self().start;

    start[0] = 1;
    start[-1] = 1; /* the guard */
    return unused;
}

static void touch_guard(void *unused)
{
    (void)unused;
    pthread_join(begin(write_below, NULL), NULL);
}

/* ---- Memory comes back ---- */

static int rows(void)
{
    char line[256];
    int count = 0;
    FILE *file = fopen("/proc/self/maps", "r");

    while (file && fgets(line, sizeof(line), file))
        count++;
    if (file)
        fclose(file);
    return count;
}

static atomic_int gone;

static void *detach_self(void *unused)
{
    pthread_detach(pthread_self());
    free(malloc(100));
    gone++;
    return unused;
}

static void wait_for_single(void)
{
    for (int i = 0; i < 100000 && proc_number("/proc/self/status", "Threads:") != 1; i++)
        sched_yield();
}

static void memory(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    int made = 0;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_join(begin(come_back, NULL), NULL);
    int before = rows();
    for (int i = 0; i < 300; i++) {
        made += pthread_create(&thread, &attr, come_back, NULL) == 0;
        made += pthread_create(&thread, NULL, detach_self, NULL) == 0;
        made += pthread_create(&thread, NULL, come_back, digit(i)) == 0;
        if (i % 2)
            pthread_detach(thread);
        else
            pthread_join(thread, NULL);
        if (i % 10 == 0)
            wait_for_single();
    }
    wait_for_single();
    expect("threads made", made, 900);
    expect("detached themselves", gone, 300);
    expect("their rows are gone", rows() <= before + 2, 1);
}

static void no_memory(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)1 << 47);
    expect("a stack of 128 TiB", pthread_create(&thread, &attr, come_back, NULL), EAGAIN);
}

/* ---- Waiting for the end ---- */

static atomic_bool let_go;

static void *wait_for_leave(void *value)
{
    while (!let_go)
        sched_yield();
    return value;
}

static void joining(void)
{
    struct timespec deadline;
    void *result = NULL;
    pthread_t thread = begin(wait_for_leave, digit(5));

    expect("not yet", pthread_tryjoin_np(thread, &result), EBUSY);
    clock_gettime(CLOCK_REALTIME, &deadline);
    expect("not until a moment ago", pthread_timedjoin_np(thread, &result, &deadline), ETIMEDOUT);
    let_go = true;
    deadline.tv_sec += 100;
    expect("now", pthread_timedjoin_np(thread, &result, &deadline), 0);
    expect("    its result", (long)(intptr_t)result, 5);
    thread = begin(come_back, digit(6));
    while (pthread_tryjoin_np(thread, &result) == EBUSY)
        sched_yield();
    expect("tried until it had ended", (long)(intptr_t)result, 6);
}

static pid_t first_thread;

static void *outlive(void *unused)
{
    wait_until_asleep(first_thread); /* or it is gone */
    doze();
    exit(44);
    return unused;
}

static void leave_first(void *unused)
{
    (void)unused;
    first_thread = getpid();
    begin(outlive, NULL);
    pthread_exit(NULL);
}

static void *exit_thread(void *unused)
{
    pthread_exit(unused);
}

static void leave_all(void *unused)
{
    pthread_detach(begin(exit_thread, unused));
    pthread_exit(digit(7));
}

/* ---- Names and signals ---- */

static void names(void)
{
    char name[16] = "";
    pthread_t thread;

    let_go = false;
    thread = begin(wait_for_leave, NULL);
    expect("a name for oneself", pthread_setname_np(pthread_self(), "the-first"), 0);
    expect("a name for another", pthread_setname_np(thread, "the-second"), 0);
    expect("    is there",
           pthread_getname_np(thread, name, sizeof(name)) == 0 && strcmp(name, "the-second") == 0, 1);
    expect("    one's own too",
           pthread_getname_np(pthread_self(), name, sizeof(name)) == 0 && strcmp(name, "the-first") == 0, 1);
    expect("too long", pthread_setname_np(thread, "0123456789abcdef"), ERANGE);
    expect("no room", pthread_getname_np(thread, name, 2), ERANGE);
    expect("signal 0", pthread_kill(thread, 0), 0);
    expect("no such signal", pthread_kill(thread, 9999), EINVAL);
    let_go = true;
    pthread_join(thread, NULL);
}

static void *burn(void *unused)
{
    clockid_t clock;
    struct timespec now;

    if (pthread_getcpuclockid(pthread_self(), &clock) != 0)
        return digit(1);
    do
        if (clock_gettime(clock, &now) != 0)
            return digit(2);
    while (now.tv_sec == 0 && now.tv_nsec < 20000000);
    return unused;
}

/* ---- fork ---- */

static char order[16]; /* of the first fork */

static void put(char letter)
{
    size_t length = strlen(order);

    if (length < 4)
        order[length] = letter;
}

static void prepare_one(void)
{
    put('a');
}
static void prepare_two(void)
{
    put('b');
}
static void parent_one(void)
{
    put('c');
}
static void parent_two(void)
{
    put('d');
}
static void child_one(void)
{
    put('e');
}
static void child_two(void)
{
    put('f');
}

static void atfork(void)
{
    int status;

    pthread_atfork(prepare_one, parent_one, child_one);
    pthread_atfork(NULL, NULL, NULL);
    pthread_atfork(prepare_two, parent_two, child_two);
    pid_t child = fork();
    if (child == 0)
        _exit(strcmp(order, "baef") ? 1 : 11);
    waitpid(child, &status, 0);
    expect("the child's handlers", WEXITSTATUS(status), 11);
    say("in the parent: %s", order);
}

static atomic_bool enough;

static void *allocate(void *seed)
{
    unsigned int number = (unsigned int)(intptr_t)seed;
    char *blocks[32] = {0};

    while (!enough) {
        char **block = &blocks[number / 7 % 32];

        number = number * 1103515245 + 12345;
        free(*block);
        *block = malloc(number / 65536 % 5000 + 1);
        if (!*block)
            return digit(1);
        **block = 1;
    }
    for (int i = 0; i < 32; i++)
        free(blocks[i]);
    return NULL;
}

static int child_works(void)
{
    void *result = digit(1);

    for (int i = 0; i < 200; i++)
        free(malloc((size_t)i * 50));
    errno = 0;
    pthread_join(begin(come_back, digit(3)), &result);
    return result == digit(3) && thread_id() == getpid() ? 0 : 1;
}

static void fork_in_a_crowd(void)
{
    pthread_t crowd[CROWD];
    void *failed = NULL, *result;
    int bad = 0;

    for (long i = 0; i < CROWD; i++)
        crowd[i] = begin(allocate, digit(i));
    for (int i = 0; i < 25; i++) {
        int status = -1;
        pid_t child = fork();

        if (child == 0)
            _exit(child_works());
        waitpid(child, &status, 0);
        bad += status != 0;
    }
    enough = true;
    for (int i = 0; i < CROWD; i++) {
        pthread_join(crowd[i], &result);
        failed = result ? result : failed;
    }
    expect("children that could not go on", bad, 0);
    expect("threads without memory", (long)(intptr_t)failed, 0);
}

/* ---- What each has for itself ---- */

static _Thread_local int own = 5;

static void *set_own(void *value)
{
    int before = own;

    own = (int)(intptr_t)value;
    errno = own;
    for (int i = 0; i < 10; i++)
        sched_yield();
    return digit(before == 5 && own == (int)(intptr_t)value && errno == own);
}

static void apart(void)
{
    pthread_t crowd[CROWD];
    void *result;
    long right = 0;

    errno = 77;
    for (long i = 0; i < CROWD; i++)
        crowd[i] = begin(set_own, digit(100 + i));
    for (int i = 0; i < CROWD; i++) {
        pthread_join(crowd[i], &result);
        right += (long)(intptr_t)result;
    }
    expect("variables and errno of their own", right, CROWD);
    expect("ours", own == 5 && errno == 77, 1);
}

int main(void)
{
    void *result;

    attributes();
    stacks();
    expect("the guard", WTERMSIG(in_child(touch_guard, NULL)), SIGSEGV);
    memory();
    no_memory();
    joining();
    expect("the first thread leaves, another ends the process", WEXITSTATUS(in_child(leave_first, NULL)), 44);
    expect("all leave", in_child(leave_all, NULL), 0);
    names();
    pthread_join(begin(burn, NULL), &result);
    expect("a clock of its own", (long)(intptr_t)result, 0);
    apart();
    atfork();
    fork_in_a_crowd();
    return finish();
}
