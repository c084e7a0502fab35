/* SPDX-License-Identifier: MIT */
/* comtty.c - /dev/console, the terminal on COM1; and /dev/tty, the terminal of whoever opens it.
 *
 * COM1 is listened to from the first open that could read and was not made with O_NOCTTY: before that, what arrives
 * stays in the line, for the terminal or for /dev/hostin, whoever is opened first. Bytes that the line
 * discipline has no room for stay in the line as well, so pasting a long text loses nothing. */
#include <fs/comtty.h>

#include <fs/device.h>
#include <fs/serialout.h>

#include <arch/x86/bootinfo.h>

#include <asm-generic/errno.h>
#include <linux/major.h>
#include <linux/stat.h>

static struct tty com = {.size = {.ws_row = 24, .ws_col = 80}};

static bool from_line(void *, uint8_t *byte)
{
    return serial_read(byte, 1) == 1;
}

/* Called from the interrupt, and whenever a read has made room. */
static void received(void)
{
    tty_type(&com, from_line, NULL);
}

static void has_room(struct tty *)
{
    received();
}

/* Echo is worth no wait: when the line takes nothing it is lost. */
static void echo(struct tty *, const char *bytes, size_t count)
{
    serial_try_write(SERIAL_COM1, bytes, count);
}

static ssize_t send(struct tty *, const char *bytes, size_t count, bool)
{
    return serialout_write(SERIAL_COM1, bytes, count);
}

static const struct tty_driver driver = {.send = send, .echo = echo, .has_room = has_room};

/* A serial line does not say how large the window at its other end is: console=COLSxROWS. */
static void size_from_command_line(void)
{
    char text[16];

    if (!boot_option("console", text, sizeof(text)))
        return;
    unsigned size[2] = {0}, at = 0;
    for (const char *c = text; *c && at < 2; c++) {
        if (*c >= '0' && *c <= '9')
            size[at] = size[at] * 10 + (unsigned)(*c - '0');
        else
            at++;
    }
    if (size[0] && size[1])
        com.size = (struct winsize){.ws_col = (uint16_t)size[0], .ws_row = (uint16_t)size[1]};
}

static int open_console(struct node *, struct file *file)
{
    if (!com.driver) {
        tty_add(&com, &driver, device_console.number);
        size_from_command_line();
    }
    return tty_open(&com, file);
}

void comtty_listen(const struct tty *tty)
{
    static bool listening;

    if (tty == &com && !listening)
        serial_offer_input(received);
    listening |= tty == &com;
}

static int open_own(struct node *, struct file *file)
{
    struct tty *tty = tty_jobs ? tty_of_session(tty_jobs->session()) : NULL;

    return tty ? tty_open(tty, file) : -ENXIO;
}

const struct device device_console = {
    .name = "console",
    .mode = S_IFCHR | 0600,
    .number = DEVICE_NUMBER(TTYAUX_MAJOR, 1),
    .open = open_console,
};

const struct device device_tty = {
    .name = "tty",
    .mode = S_IFCHR | 0666,
    .number = DEVICE_NUMBER(TTYAUX_MAJOR, 0),
    .open = open_own,
};
