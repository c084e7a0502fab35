/* SPDX-License-Identifier: MIT */
/* serial.c - the 16550 serial lines (National Semiconductor PC16550D data sheet; register names of
 * <linux/serial_reg.h>).
 *
 *   bytes in --> UART FIFO (16) --interrupt--> ring (4096) --serial_read()--> tty or /dev/hostin
 *
 * Input is never dropped here. When the ring is full the receive interrupt is masked and the FIFO is left
 * alone: it fills, and the sender (QEMU holds its own input back, a real one sees the time run) waits.
 * serial_read() makes room, empties the FIFO into it and unmasks. Output is polled: one look at the status
 * for each FIFO of 16 bytes.
 *
 * Under QEMU input runs at about 150 KB/s: each byte that is read from the UART wakes the thread that feeds
 * it. A line that has no UART behind it reads as 0xff: the scratch register tells, and then output goes
 * nowhere.
 *
 * Guarded by: input.lock for the ring and for COM1's receiving half. Output takes no lock: two CPUs that
 * write at the same time mix their bytes, as they would on any terminal. */
#include <dev/serial.h>

#include <arch/x86/apic.h>
#include <sched/spinlock.h>
#include <x86/cpu.h>
#include <x86/trapframe.h>

#include <linux/serial_reg.h>

#define FIFO_SIZE 16
#define DIVISOR 1 /* 115200 / 1 */
/* Looks at the status before the transmitter counts as held up. A look costs a microsecond or so on real
 * hardware, a FIFO of 16 bytes at 115200 baud 1.4 ms. */
#define PATIENCE 8192
#define RING_SIZE 4096U
#define ISA_COM1 4

struct uart {
    uint16_t port;
    bool present;
    uint8_t burst; /* bytes that may be sent when the transmitter is empty: FIFO_SIZE, or 1 without FIFO */
};

static struct uart uarts[SERIAL_LINES] = {
    [SERIAL_COM1] = {.port = 0x3f8},
    [SERIAL_COM2] = {.port = 0x2f8},
};

static struct {
    struct spinlock lock;
    uint32_t head, tail; /* bytes put in and taken out since boot: they wrap, their difference does not */
    bool open;           /* the receive interrupt is not masked */
    void (*received)(void);
    uint8_t ring[RING_SIZE];
} input;

static uint8_t uart_read(const struct uart *uart, uint8_t reg)
{
    return cpu_in8(uart->port + reg);
}

static void uart_write(const struct uart *uart, uint8_t reg, uint8_t value)
{
    cpu_out8(uart->port + reg, value);
}

static void uart_program(struct uart *uart)
{
    uart_write(uart, UART_IER, 0);
    uart_write(uart, UART_SCR, 0x5a);
    uart->present = uart_read(uart, UART_SCR) == 0x5a;
    if (!uart->present)
        return;
    uart_write(uart, UART_LCR, UART_LCR_DLAB);
    uart_write(uart, UART_DLL, DIVISOR & 0xff);
    uart_write(uart, UART_DLM, DIVISOR >> 8);
    uart_write(uart, UART_LCR, UART_LCR_WLEN8);
    uart_write(uart, UART_FCR,
               UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT | UART_FCR_TRIGGER_14);
    /* OUT2 is the gate between the UART and the interrupt line on a PC. */
    uart_write(uart, UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
    uart->burst = (uart_read(uart, UART_IIR) & 0xc0) == 0xc0 ? FIFO_SIZE : 1;
}

void serial_init(void)
{
    for (int line = 0; line < SERIAL_LINES; line++)
        uart_program(&uarts[line]);
}

static bool uart_ready(const struct uart *uart)
{
    for (unsigned looks = 0; looks < PATIENCE; looks++) {
        if (uart_read(uart, UART_LSR) & UART_LSR_THRE)
            return true;
        cpu_pause();
    }
    return false;
}

size_t serial_try_write(enum serial_line line, const void *bytes, size_t count)
{
    const struct uart *uart = &uarts[line];
    const uint8_t *from = bytes;
    size_t sent = 0;

    if (!uart->present)
        return count;
    while (sent < count && uart_ready(uart)) {
        size_t burst = MIN(count - sent, uart->burst);
        for (size_t i = 0; i < burst; i++)
            uart_write(uart, UART_TX, from[sent + i]);
        sent += burst;
    }
    return sent;
}

void serial_write(enum serial_line line, const void *bytes, size_t count)
{
    size_t sent = 0;

    while (sent < count)
        sent += serial_try_write(line, (const uint8_t *)bytes + sent, count - sent);
}

/* Moves what the UART holds into the ring as far as there is room, and lets the interrupt through only if
 * there is room for more. => did bytes come? input.lock held. */
static bool input_fill(void)
{
    const struct uart *uart = &uarts[SERIAL_COM1];
    uint32_t before = input.head;

    while (input.head - input.tail < RING_SIZE && (uart_read(uart, UART_LSR) & UART_LSR_DR))
        input.ring[input.head++ % RING_SIZE] = uart_read(uart, UART_RX);

    bool room = input.head - input.tail < RING_SIZE;
    if (room != input.open) {
        uart_write(uart, UART_IER, room ? UART_IER_RDI : 0);
        input.open = room;
    }
    return input.head != before;
}

void serial_start_input(void (*received)(void))
{
    spin_lock(&input.lock);
    bool first = input.received == NULL;
    input.received = received;
    spin_unlock(&input.lock);

    if (!uarts[SERIAL_COM1].present)
        return;
    if (first)
        apic_route(ISA_COM1, TRAP_SERIAL1);
    serial_interrupt(SERIAL_COM1);
    received();
}

void serial_offer_input(void (*received)(void))
{
    if (!input.received)
        serial_start_input(received);
}

size_t serial_read(void *bytes, size_t size)
{
    uint8_t *to = bytes;
    size_t count = 0;

    spin_lock(&input.lock);
    while (count < size) {
        if (input.head == input.tail && (!uarts[SERIAL_COM1].present || !input.received || !input_fill()))
            break;
        to[count++] = input.ring[input.tail++ % RING_SIZE];
    }
    /* There is room again: bytes that waited in the UART come now, and the interrupt tells of later ones. */
    if (!input.open && count > 0)
        input_fill();
    spin_unlock(&input.lock);
    return count;
}

void serial_interrupt(enum serial_line line)
{
    const struct uart *uart = &uarts[line];
    bool came = false;

    if (!uart->present)
        return;
    /* Only reception of COM1 is ever unmasked. Reading IIR settles whatever else the UART may want to say. */
    uart_read(uart, UART_IIR);
    if (line != SERIAL_COM1)
        return;
    spin_lock(&input.lock);
    if (input.received)
        came = input_fill();
    spin_unlock(&input.lock);
    if (came)
        input.received();
}
