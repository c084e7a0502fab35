/* SPDX-License-Identifier: MIT */
/* ring.c - see ring.h.
 *
 *      taken            current
 *        v                 v
 *   [..][##############][####      ][..    packets of RING_PACKET_SIZE; a record never crosses from one to the next
 *
 * With a reader nothing is lost: when the ring is full, the writer waits right there, in the kernel and with interrupts off, until the
 * reader has taken a packet. That is no dead-lock, because the reader is no thread of this machine: it looks at our RAM from outside. A
 * reader that takes nothing for READER_PATIENCE_NS is gone; from then on the oldest packet is overwritten as it is without a reader, and
 * `lost` says how many events went with it. */
#include <trace/ring.h>

#include <arch/x86/clock.h>
#include <string.h>
#include <trace_layout.h>
#include <x86/cpu.h>

#define CTF_MAGIC 0xc1fc1fc1U
#define READER_PATIENCE_NS (10 * NS_PER_SECOND)

struct ring trace_ring;

static const uint8_t layout[] = {TRACE_LAYOUT};
static_assert(sizeof(layout) == 16, "a uuid");

static struct packet *packet_current(void)
{
    return &trace_ring.packets[trace_ring.current % RING_PACKETS];
}

static void packet_begin(uint64_t now)
{
    struct packet *packet = packet_current();

    packet->magic = CTF_MAGIC;
    memcpy(packet->layout, layout, sizeof(layout));
    packet->stream = 0;
    trace_ring.events[trace_ring.current % RING_PACKETS] = 0;
    packet->time_begin = packet->time_end = now;
    packet->content_bits = packet->size_bits = 8 * offsetof(struct packet, records);
    packet->discarded = trace_ring.lost;
}

static bool is_full(void)
{
    return trace_ring.current + 1 - __atomic_load_n(&trace_ring.taken, __ATOMIC_ACQUIRE) >= RING_PACKETS;
}

static void wait_for_reader(void)
{
    uint64_t patience_ends = clock_now() + READER_PATIENCE_NS;

    while (is_full() && clock_now() < patience_ends)
        cpu_pause();
    if (is_full())
        __atomic_store_n(&trace_ring.reader, RING_READER_GONE, __ATOMIC_RELAXED);
}

static void packet_next(uint64_t now)
{
    uint64_t next = trace_ring.current + 1;

    if (__atomic_load_n(&trace_ring.reader, __ATOMIC_RELAXED) == RING_READER && is_full())
        wait_for_reader();
    if (trace_ring.reader == RING_READER_GONE && is_full())
        trace_ring.lost += trace_ring.events[next % RING_PACKETS];
    __atomic_store_n(&trace_ring.current, next, __ATOMIC_RELEASE);
    packet_begin(now);
}

uint8_t *ring_room(size_t size, uint64_t now)
{
    if (!trace_ring.started)
        packet_begin(now);
    trace_ring.started = 1;
    if (packet_current()->content_bits / 8 + size > RING_PACKET_SIZE)
        packet_next(now);
    return (uint8_t *)packet_current() + packet_current()->content_bits / 8;
}

void ring_put(size_t size, uint64_t now)
{
    struct packet *packet = packet_current();

    trace_ring.events[trace_ring.current % RING_PACKETS]++;
    packet->time_end = now;
    packet->size_bits = packet->content_bits + 8 * size;
    __atomic_store_n(&packet->content_bits, packet->size_bits, __ATOMIC_RELEASE);
}

uint64_t ring_oldest(void)
{
    return trace_ring.current >= RING_PACKETS ? trace_ring.current - RING_PACKETS + 1 : 0;
}
