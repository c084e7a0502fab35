/* SPDX-License-Identifier: MIT */
/* ring.h - where the records lie: packets of CTF in the kernel's memory, the newest overwriting the oldest. */
#pragma once

#include <assert.h>
#include <types.h>

#define RING_READER 1
#define RING_READER_GONE 2 /* he took nothing for too long */
#define RING_ORDER 8       /* of the frames that it takes: 1 MiB */
#define RING_PACKETS 64
#define RING_PACKET_SIZE (16 * KIB)

/* CTF 1.8, sections 5.1 and 5.2: at any moment what stands in it is right, so a packet can be copied while it grows. */
struct packet {
    uint32_t magic;
    uint8_t layout[16]; /* the trace's uuid: which events.def wrote it */
    uint32_t stream;
    uint64_t time_begin, time_end;
    uint64_t content_bits, size_bits; /* with this header; the two are the same */
    uint64_t discarded;
    uint8_t records[RING_PACKET_SIZE - 64];
};
static_assert(sizeof(struct packet) == RING_PACKET_SIZE, "packets lie side by side");
static_assert(RING_PACKETS * RING_PACKET_SIZE == PAGE_SIZE << RING_ORDER, "they fill the ring");

/* The host finds it by the symbol `trace_ring`. Packet number n, counted from 0 since boot, lies in
 * place n % RING_PACKETS. */
struct ring {
    struct packet *packets; /* in the direct map; NULL: nothing was ever traced, and no memory is spent */
    uint64_t current;       /* the packet that grows; those before it are complete */
    uint64_t taken;         /* by the reader: packets below this one may be overwritten */
    uint32_t reader;  /* RING_READER: somebody takes packets, none is overwritten before; RING_READER_GONE */
    uint32_t started; /* not 0: there is a current packet */
    uint64_t lost;    /* events that a reader should have had, but was gone */
    uint32_t events[RING_PACKETS];
};
extern struct ring trace_ring;

/* Room for a record of `size` bytes in the current packet; it is part of it once it is written and put. */
uint8_t *ring_room(size_t size, uint64_t now);
void ring_put(size_t size, uint64_t now);
/* The number of the oldest packet that is still there. */
uint64_t ring_oldest(void);
