/* SPDX-License-Identifier: MIT */
/* futex.c - sleeping on a word of user memory (futex(2)).
 *
 * A sleeper stands, with its word's key, in the list of a bucket; the key says what word that is, whoever looks at it:
 *
 *     private, or memory of one address space     (aspace, address)
 *     a shared mapping                            (its page source, the place in it)
 *
 * The word is compared and the sleeper entered under the bucket's lock, and who wakes takes the same lock after it
 * has changed the word: so no wake-up is lost. A word whose page is not there cannot be read under a spinlock; then
 * the lock is let go, the page faulted in, and all begins again.
 *
 * The waiter lives on the sleeper's stack. Whoever takes it off its list does so under the lock, sets its bucket to
 * NULL, and does not touch it after the lock is let go; the sleeper looks at that only under the lock.
 * Locks: aspace->lock (for a shared word's key) alone; two buckets in the order of their addresses; then a run
 * queue's. */
#include <proc/futex.h>

#include <arch/x86/percpu.h>
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>
#include <list.h>
#include <sched/thread.h>

#define BUCKETS 256

struct futex_key {
    const void *object; /* an address space or a page source */
    uint64_t place;     /* in bytes */
};

struct waiter {
    TAILQ_ENTRY(waiter) link;
    struct bucket *bucket; /* NULL: it was woken. Atomic */
    struct futex_key key;  /* guarded by: the bucket's lock, as all below */
    uint32_t bitset;
    struct thread *thread;
};

struct bucket {
    struct spinlock lock;
    TAILQ_HEAD(waiters, waiter)
    waiters; /* zeroed: see bucket_of */
};

static struct bucket buckets[BUCKETS];

/* Multiplicative hashing: the upper bits of the product depend on all bits of the key (Knuth, vol. 3, 6.4: the golden ratio). */
static inline struct bucket *bucket_of(struct futex_key key)
{
    return &buckets[((uint64_t)key.object + key.place) * 0x9e3779b97f4a7c15 / (UINT64_MAX / BUCKETS + 1)];
}

static inline bool same(struct futex_key one, struct futex_key other)
{
    return one.object == other.object && one.place == other.place;
}

/* object NULL: no such address */
static NOINLINE struct futex_key shared_key(struct aspace *aspace, vaddr_t address)
{
    struct futex_key key = {aspace, address};
    mutex_lock(&aspace->lock);
    const struct vma *vma = vma_find(&aspace->vmas, address);
    if (!vma)
        key.object = NULL;
    else if (vma->flags & VMA_SHARED && vma->source)
        key = (struct futex_key){vma->source, (vma->offset << PAGE_SHIFT) + (address - vma->start)};
    mutex_unlock(&aspace->lock);
    return key;
}

/* => false: no such address */
static inline bool key_of(struct aspace *aspace, vaddr_t address, enum futex_sharing sharing,
                          struct futex_key *key)
{
    *key = (struct futex_key){aspace, address};
    if (unlikely(!user_range_ok(address, sizeof(uint32_t))))
        return false;
    if (likely(sharing == FUTEX_PRIVATE))
        return true;
    *key = shared_key(aspace, address);
    return key->object;
}

/* ---- Under the bucket's lock ---- */

static inline void enter(struct bucket *bucket, struct waiter *waiter)
{
    if (!bucket->waiters.tqh_last)
        TAILQ_INIT(&bucket->waiters);
    TAILQ_INSERT_TAIL(&bucket->waiters, waiter, link);
    waiter->bucket = bucket;
}

static inline void wake(struct bucket *bucket, struct waiter *waiter)
{
    TAILQ_REMOVE(&bucket->waiters, waiter, link);
    waiter->bucket = NULL;
    thread_wake(waiter->thread, 0);
}

/* ---- The calls ---- */

static NOINLINE bool fetch(vaddr_t address)
{
    uint32_t word;

    return copy_from_user(&word, address, sizeof(word)) == 0;
}

/* => the bucket, locked, and the word at `address`; NULL: no such address. */
static inline struct bucket *lock_and_read(struct futex_key key, vaddr_t address, uint32_t *word)
{
    struct bucket *bucket = bucket_of(key);
    for (;;) {
        spin_lock(&bucket->lock);
        if (likely(peek_user(address, word)))
            return bucket;
        spin_unlock(&bucket->lock);
        if (!fetch(address))
            return NULL;
    }
}

/* The list may have become another one meanwhile (requeue). => false: it was woken. */
static NOINLINE bool leave(struct waiter *waiter)
{
    struct bucket *bucket;
    while ((bucket = __atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE))) {
        spin_lock(&bucket->lock);
        bool here = waiter->bucket == bucket;
        if (here)
            TAILQ_REMOVE(&bucket->waiters, waiter, link);
        spin_unlock(&bucket->lock);
        if (here)
            return true;
    }
    return false;
}

int64_t futex_wait(struct aspace *aspace, vaddr_t address, enum futex_sharing sharing, uint32_t value,
                   uint64_t deadline, uint32_t bitset)
{
    struct futex_key key;
    if (unlikely(!key_of(aspace, address, sharing, &key)))
        return -EFAULT;
    uint32_t word;
    struct bucket *bucket = lock_and_read(key, address, &word);
    if (unlikely(!bucket))
        return -EFAULT;
    if (word != value) {
        spin_unlock(&bucket->lock);
        return -EAGAIN;
    }
    struct waiter waiter; /* enter() does the rest */
    waiter.key = key;
    waiter.bitset = bitset;
    waiter.thread = current_thread();
    thread_sleep_begin(waiter.thread, true);
    enter(bucket, &waiter);
    spin_unlock(&bucket->lock);
    int result = thread_sleep(deadline);
    if (likely(!__atomic_load_n(&waiter.bucket, __ATOMIC_ACQUIRE)))
        return 0;
    return leave(&waiter) ? result : 0;
}

/* The first from `waiter` on that sleeps at the word and for one of these bits. => NULL: none */
static inline struct waiter *find(struct waiter *waiter, struct futex_key key, uint32_t bitset)
{
    while (waiter && (!(waiter->bitset & bitset) || !same(waiter->key, key)))
        waiter = TAILQ_NEXT(waiter, link);
    return waiter;
}

static NOINLINE int wake_many(struct bucket *bucket, struct futex_key key, int count, uint32_t bitset)
{
    struct waiter *waiter = find(TAILQ_FIRST(&bucket->waiters), key, bitset);
    int woken = 0;
    while (waiter && woken < count) {
        struct waiter *next = find(TAILQ_NEXT(waiter, link), key, bitset);
        wake(bucket, waiter);
        woken++;
        waiter = next;
    }
    return woken;
}

static inline int wake_first(struct bucket *bucket, struct futex_key key, uint32_t bitset)
{
    struct waiter *waiter = find(TAILQ_FIRST(&bucket->waiters), key, bitset);
    if (!waiter)
        return 0;
    wake(bucket, waiter);
    return 1;
}

int64_t futex_wake(struct aspace *aspace, vaddr_t address, enum futex_sharing sharing, int count,
                   uint32_t bitset)
{
    struct futex_key key;
    if (unlikely(!key_of(aspace, address, sharing, &key)))
        return -EFAULT;
    struct bucket *bucket = bucket_of(key);
    spin_lock(&bucket->lock);
    int woken = count > 1 ? wake_many(bucket, key, count, bitset)
                          : wake_first(bucket, key, bitset); /* at least one, as Linux */
    spin_unlock(&bucket->lock);
    return woken;
}

static void lock_second(struct bucket *locked, struct bucket *other)
{
    if (locked == other)
        return;
    if (locked > other) {
        spin_unlock(&locked->lock);
        spin_lock(&other->lock);
        spin_lock(&locked->lock);
    } else {
        spin_lock(&other->lock);
    }
}

/* Both buckets are locked. */
static int move_waiters(struct bucket *from, struct futex_key from_key, struct bucket *to,
                        struct futex_key to_key, const struct futex_requeue *request)
{
    struct waiter *waiter, *next;
    int woken = 0, moved = 0;
    for (waiter = TAILQ_FIRST(&from->waiters); waiter && woken + moved < request->wake + request->move;
         waiter = next) {
        next = TAILQ_NEXT(waiter, link);
        if (!same(waiter->key, from_key))
            continue;
        if (woken < request->wake) {
            wake(from, waiter);
            woken++;
            continue;
        }
        moved++;
        waiter->key = to_key;
        if (from != to) {
            TAILQ_REMOVE(&from->waiters, waiter, link);
            enter(to, waiter);
        }
    }
    return woken + moved;
}

int64_t futex_requeue(struct aspace *aspace, const struct futex_requeue *request)
{
    struct futex_key from_key, to_key;
    if (!key_of(aspace, request->from, request->sharing, &from_key) ||
        !key_of(aspace, request->to, request->sharing, &to_key))
        return -EFAULT;
    struct bucket *from = bucket_of(from_key), *to = bucket_of(to_key);
    uint32_t word = request->value;
    if (request->compare) {
        if (!lock_and_read(from_key, request->from, &word))
            return -EFAULT;
    } else {
        spin_lock(&from->lock);
    }
    lock_second(from, to);
    int result = -EAGAIN;
    if (word == request->value)
        result = move_waiters(from, from_key, to, to_key, request);
    if (from != to)
        spin_unlock(&to->lock);
    spin_unlock(&from->lock);
    return result;
}
