/* SPDX-License-Identifier: MIT */
/* console.c - the two places where the kernel log can go.
 *
 * On COM1 a person reads it, in a terminal that wants a carriage return with each new line. The debug console
 * (QEMU's and Bochs's port 0xE9: a byte written is a byte shown) keeps COM1 free for a program whose output
 * must arrive unchanged. Panics take the same way, because they go through the log. */
#include <dev/console.h>

#include <arch/x86/bootinfo.h>
#include <dev/serial.h>
#include <lib/log.h>
#include <string.h>
#include <x86/cpu.h>

#define DEBUGCON_PORT 0xe9

void console_write(const char *bytes, size_t count)
{
    while (count > 0) {
        const char *newline = memchr(bytes, '\n', count);
        size_t line = newline ? (size_t)(newline - bytes) : count;

        serial_write(SERIAL_COM1, bytes, line);
        if (!newline)
            return;
        serial_write(SERIAL_COM1, "\r\n", 2);
        bytes += line + 1;
        count -= line + 1;
    }
}

static void debugcon_write(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cpu_out8(DEBUGCON_PORT, (uint8_t)bytes[i]);
}

void console_start_log(void)
{
    static struct log_sink serial = {.write = console_write};
    static struct log_sink debugcon = {.write = debugcon_write};
    char where[16];

    if (boot_option("log", where, sizeof(where)) && strcmp(where, "debugcon") == 0)
        log_add_sink(&debugcon);
    else
        log_add_sink(&serial);
}
