/* SPDX-License-Identifier: MIT */
/* shutdown.c - the end of everything, and the proof that nothing is lost.
 *
 * When pid 1 exits, all other processes are killed; then pid 1 gives back what it has, and on the idle
 * thread's stack, when no process is left, the frames are counted. What processes own must be gone: every
 * frame of anonymous memory, page tables and kernel stacks beyond the ones that there were before pid 1, and
 * every kernel object that belongs to a process. What files hold may stay, but must be as many frames as the
 * files say. */
#include <arch/x86/clock.h>
#include <arch/x86/machine.h>
#include <asm/signal.h>
#include <fs/pagetree.h>
#include <lib/log.h>
#include <mm/kmap.h>
#include <mm/kmem.h>
#include <mm/tell.h>
#include <mm/kstack.h>
#include <mm/page.h>
#include <mm/swap.h>
#include <proc/process.h>
#include <proc/shutdown.h>
#include <proc/signal.h>
#include <proc/timer.h>
#include <string.h>

#define PATIENCE_NS (5 * NS_PER_SECOND) /* for a process to die of SIGKILL */
#define CACHES_MAX 64

struct baseline {
    struct page_ledger ledger;
    uint64_t kernel_tables, ring;
    unsigned caches;
    struct {
        const struct kmem_cache *cache;
        uint64_t in_use;
    } cache[CACHES_MAX];
};
static struct baseline baseline;
static int final_status;

void shutdown_remember(void)
{
    page_ledger(&baseline.ledger);
    baseline.kernel_tables = kmap_tables();
    baseline.ring = tell_ring_frames();
    for (struct kmem_cache *cache = kmem_first(); cache && baseline.caches < CACHES_MAX;
         cache = cache->next) {
        baseline.cache[baseline.caches].cache = cache;
        baseline.cache[baseline.caches++].in_use = cache->in_use;
    }
}

/* ---- Ending the others ---- */

static void kill_others(const struct process *self)
{
    PROCESS_FOREACH (process) {
        const struct signal_info kill = {.number = SIGKILL};
        if (process != self)
            signal_send(process, &kill);
    }
}

/* From now on nobody becomes a zombie: they are buried as they die. */
static void bury_children(struct process *self)
{
    const struct signal_action ignore = {.handler = (uint64_t)SIG_IGN};
    signal_set_action(self, SIGCHLD, &ignore, NULL);
    struct process *child;
    while ((child = TAILQ_FIRST(&self->children)) && child->state == PROCESS_ZOMBIE)
        process_reap(child);
}

static void wait_for_others(struct process *self)
{
    uint64_t deadline = clock_now() + PATIENCE_NS;
    SPIN_GUARD(&process_table_lock);
    while (process_count() > 1 && clock_now() < deadline)
        waitq_sleep(&self->child_exited, &process_table_lock, deadline, false);
}

/* ---- The account ---- */

static unsigned leaks;

static void compare(const char *what, uint64_t was, uint64_t is)
{
    if (was == is)
        return;
    log_line("ledger: LEAK %s was %lu is %lu", what, was, is);
    leaks++;
}

static void check_walker(const char *what, const char *broken)
{
    if (!broken)
        return;
    log_line("ledger: LEAK %s: %s", what, broken);
    leaks++;
}

/* Objects that stand for files and their pages outlive the processes that made them. */
static bool belongs_to_files(const struct kmem_cache *cache)
{
    static const char *const prefixes[] = {"ramfs", "pagetree", "kmalloc"};
    for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncmp(cache->name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static uint64_t in_use_before(const struct kmem_cache *cache)
{
    for (unsigned i = 0; i < baseline.caches; i++)
        if (baseline.cache[i].cache == cache)
            return baseline.cache[i].in_use;
    return 0;
}

static void compare_caches(void)
{
    for (struct kmem_cache *cache = kmem_first(); cache; cache = cache->next)
        if (!belongs_to_files(cache))
            compare(cache->name, in_use_before(cache), cache->in_use);
}

static void compare_frames(const struct page_ledger *now)
{
    static const enum page_owner steady[] = {PAGE_FIRMWARE, PAGE_IMAGE, PAGE_ARRAY, PAGE_KSTACK};
    const struct page_ledger *then = &baseline.ledger;
    for (unsigned i = 0; i < ARRAY_SIZE(steady); i++)
        compare(page_owner_name(steady[i]), then->frames[steady[i]], now->frames[steady[i]]);
    compare(page_owner_name(PAGE_BUFFER), then->frames[PAGE_BUFFER] + tell_ring_frames() - baseline.ring,
            now->frames[PAGE_BUFFER]);
    compare(page_owner_name(PAGE_ANON), 0, now->frames[PAGE_ANON]);
    /* The kernel's own tables may have grown, for more stacks at once than ever before. */
    compare(page_owner_name(PAGE_TABLE), then->frames[PAGE_TABLE] + kmap_tables() - baseline.kernel_tables,
            now->frames[PAGE_TABLE]);
    compare("file and shared memory", pagetree_pages(), now->frames[PAGE_FILE] + now->frames[PAGE_SHMEM]);
    compare("total", then->total, now->total);
    compare("pages on the swap disk", 0, swap_state().taken);
}

static void log_balance(const struct page_ledger *ledger)
{
    char text[512];
    struct text_end end = {text, sizeof(text)};
    for (unsigned owner = 0; owner < PAGE_OWNERS; owner++)
        text_add(&end, "%s%s %lu", owner ? ", " : "", page_owner_name((enum page_owner)owner),
                 ledger->frames[owner]);
    log_line("ledger: balanced, %lu frames: %s", ledger->total, text);
}

/* Runs on the idle thread's stack; no process is left. */
static void final_account(void *argument)
{
    struct task *task = argument;
    struct process *init = task->thread.process;
    task_leave(task);
    signals_task_end(task);
    task_free(task);
    process_leave(init);
    process_free(init);
    compare("processes", 0, process_count());
    kstack_trim();

    struct page_ledger ledger;
    page_ledger(&ledger);
    check_walker("frames", page_check());
    check_walker("slabs", kmem_check());
    compare_caches();
    compare_frames(&ledger);
    if (leaks == 0)
        log_balance(&ledger);
    log_line("power off: status %d", final_status);
    power_off(leaks == 0 ? POWER_OFF_CLEAN : POWER_OFF_LEDGER);
}

void process_all_done(int status)
{
    struct process *self = current_process();
    int signal = status & 0x7f;
    final_status = signal ? 128 + signal : status >> 8 & 0xff;
    bury_children(self);
    kill_others(self);
    wait_for_others(self);
    timers_end(self);
    process_drop_resources(self);
    thread_exit(final_account, current_task());
}
