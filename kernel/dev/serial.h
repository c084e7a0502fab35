/* SPDX-License-Identifier: MIT */
/* serial.h - the 16550 serial lines COM1 and COM2: polled output, and COM1's input by interrupt into a
 * ring. */
#pragma once

#include <types.h>

enum serial_line { SERIAL_COM1, SERIAL_COM2, SERIAL_LINES };

/* Programs both lines in full: 115200 8N1, FIFO on (LCR too: Bochs starts at 5 bits). Works before
 * interrupts. */
void serial_init(void);

/* Sends bytes until all are gone or the transmitter stays busy for longer than a byte takes on a real line:
 * then whoever is at the other end does not read, and the caller may sleep before it tries again.
 * => bytes sent. A line without a UART swallows everything. */
size_t serial_try_write(enum serial_line line, const void *bytes, size_t count);
/* Sends all of them and waits as long as that takes: for the log and for panics. */
void serial_write(enum serial_line line, const void *bytes, size_t count);

/* Lets COM1's receive interrupt through. `received` is called, from the interrupt and once at once, whenever
 * there are bytes to be had from serial_read(). May be called again to name another receiver. */
void serial_start_input(void (*received)(void));
/* The same, but only if nobody receives yet. */
void serial_offer_input(void (*received)(void));
/* Takes bytes that COM1 has received. Bytes that nobody takes stay in the ring, then in the UART, then with
 * the sender: nothing is lost. => how many; 0: none now. */
size_t serial_read(void *bytes, size_t size);

/* Called by trap.c for TRAP_SERIAL1 / 2. */
void serial_interrupt(enum serial_line line);
