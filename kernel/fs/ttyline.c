/* SPDX-License-Identifier: MIT */
/* ttyline.c - the line discipline, as termios(3) has it.
 *
 *   canonical   a line is typed, echoed and corrected (erase, kill, word erase) before anybody can read it;
 *               newline or end of file (^D) completes it
 *   raw         every byte can be read at once
 *
 * Signal characters (^C, ^\, ^Z) are taken out in both modes while ISIG is set. When the ring is full of
 * typed text that no newline has completed, further text is answered with a bell and dropped, as on Linux:
 * otherwise nobody could ever finish that line. Nothing here knows where bytes come from, so a test can type.
 *
 * Not here: flow control by ^S and ^Q, ^V, ^R, upper case terminals, parity. */
#include <fs/ttyline.h>

#include <string.h>

#include <asm/signal.h>

/* Marks beside the byte. */
#define LINE_END 0x100U /* the last byte of a line */
#define FILE_END 0x200U /* ^D: ends a line and is no byte; alone it is an end of file */

#define BELL '\a'
#define BACKSPACE 0x08
#define DELETE 0x7f
#define NOT_CONTROL 0x40 /* ^C is shown as '^' and 'C' */

#define DISABLED 0 /* _POSIX_VDISABLE: no character */

static uint16_t *entry(struct ttyline *line, uint32_t position)
{
    return &line->ring[position % TTYLINE_SIZE];
}

void ttyline_init(struct ttyline *line, void (*echo)(struct ttyline *line, const char *bytes, size_t count))
{
    *line = (struct ttyline){
        .echo = echo,
        .modes =
            {
                .c_iflag = ICRNL | IUTF8,
                .c_oflag = OPOST | ONLCR,
                .c_cflag = B115200 | CS8 | CREAD | CLOCAL,
                .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
                .c_cc =
                    {
                        [VINTR] = 'C' - NOT_CONTROL,
                        [VQUIT] = '\\' - NOT_CONTROL,
                        [VERASE] = DELETE,
                        [VKILL] = 'U' - NOT_CONTROL,
                        [VEOF] = 'D' - NOT_CONTROL,
                        [VMIN] = 1,
                        [VSTART] = 'Q' - NOT_CONTROL,
                        [VSTOP] = 'S' - NOT_CONTROL,
                        [VSUSP] = 'Z' - NOT_CONTROL,
                        [VREPRINT] = 'R' - NOT_CONTROL,
                        [VDISCARD] = 'O' - NOT_CONTROL,
                        [VWERASE] = 'W' - NOT_CONTROL,
                        [VLNEXT] = 'V' - NOT_CONTROL,
                    },
            },
    };
}

static bool flag(const struct ttyline *line, tcflag_t bit)
{
    return line->modes.c_lflag & bit;
}

static bool is_char(const struct ttyline *line, unsigned which, uint8_t byte)
{
    return byte != DISABLED && line->modes.c_cc[which] == byte;
}

/* ---- echo ---------------------------------------------------------------------------------------------- */

static bool is_control(uint8_t byte)
{
    return byte < ' ' || byte == DELETE;
}

/* Where the cursor is after `byte` was echoed at `column`. */
static unsigned column_after(const struct ttyline *line, unsigned column, uint8_t byte)
{
    if (byte == '\t')
        return (column | 7) + 1;
    if (is_control(byte))
        return column + (flag(line, ECHOCTL) ? 2 : 0);
    bool continues = (line->modes.c_iflag & IUTF8) && (byte & 0xc0) == 0x80;
    return continues ? column : column + 1;
}

void ttyline_track(struct ttyline *line, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        if (byte == '\n' || byte == '\r')
            line->column = 0;
        else if (byte == BACKSPACE)
            line->column -= line->column > 0;
        else if (byte == '\t' || !is_control(byte))
            line->column = column_after(line, line->column, byte);
    }
}

static void send(struct ttyline *line, const char *bytes, size_t count)
{
    line->echo(line, bytes, count);
    ttyline_track(line, bytes, count);
}

static void echo_byte(struct ttyline *line, uint8_t byte)
{
    bool translate = (line->modes.c_oflag & OPOST) && (line->modes.c_oflag & ONLCR);
    char text[2] = {'^', (char)(byte ^ NOT_CONTROL)};

    if (byte == '\n') {
        send(line, translate ? "\r\n" : "\n", translate ? 2 : 1);
        return;
    }
    if (is_control(byte) && byte != '\t' && flag(line, ECHOCTL)) {
        send(line, text, 2);
        return;
    }
    text[0] = (char)byte;
    send(line, text, 1);
}

/* The column at which the typed byte at `position` begins. */
static unsigned column_of(struct ttyline *line, uint32_t position)
{
    unsigned column = line->edit_column;

    for (uint32_t i = line->edit; i != position; i++)
        column = column_after(line, column, (uint8_t)*entry(line, i));
    return column;
}

/* Wipes what stands between the cursor and `column`. */
static void echo_back_to(struct ttyline *line, unsigned column)
{
    while (line->column > column)
        send(line, "\b \b", 3);
}

/* ---- correcting ---------------------------------------------------------------------------------------- */

/* Drops typed bytes from `position` on. */
static void erase_to(struct ttyline *line, uint32_t position)
{
    unsigned column = column_of(line, position);

    line->head = position;
    if (flag(line, ECHO) && flag(line, ECHOE))
        echo_back_to(line, column);
    else if (flag(line, ECHO))
        echo_byte(line, line->modes.c_cc[VERASE]);
}

/* The typed byte before `position`, as a whole character in UTF-8. */
static uint32_t character_before(struct ttyline *line, uint32_t position)
{
    bool utf8 = line->modes.c_iflag & IUTF8;

    do {
        position--;
    } while (position != line->edit && utf8 && (*entry(line, position) & 0xc0) == 0x80);
    return position;
}

static uint32_t word_before(struct ttyline *line, uint32_t position)
{
    while (position != line->edit && strchr(" \t", (uint8_t)*entry(line, position - 1)))
        position--;
    while (position != line->edit && !strchr(" \t", (uint8_t)*entry(line, position - 1)))
        position--;
    return position;
}

/* => was it a correction? */
static bool correct(struct ttyline *line, uint8_t byte)
{
    /* Terminals disagree about what their backspace key sends: both are taken. */
    bool erase = is_char(line, VERASE, byte) || byte == DELETE || byte == BACKSPACE;
    bool kill = is_char(line, VKILL, byte);
    bool word = is_char(line, VWERASE, byte) && flag(line, IEXTEN);

    if (!erase && !kill && !word)
        return false;
    if (line->head == line->edit)
        return true;
    if (erase)
        erase_to(line, character_before(line, line->head));
    else
        erase_to(line, word ? word_before(line, line->head) : line->edit);
    return true;
}

/* ---- input --------------------------------------------------------------------------------------------- */

static uint32_t used(const struct ttyline *line)
{
    return line->head - line->tail;
}

bool ttyline_has_room(const struct ttyline *line)
{
    if (used(line) < TTYLINE_SIZE - 1)
        return true;
    return ttyline_canonical(line) && line->lines == 0;
}

static void complete(struct ttyline *line, uint16_t last)
{
    *entry(line, line->head++) = last;
    line->edit = line->head;
    line->edit_column = line->column;
    line->lines++;
}

/* A byte that is no more than itself. One entry stays free for what completes the line. */
static void append(struct ttyline *line, uint8_t byte)
{
    if (used(line) >= TTYLINE_SIZE - 1) {
        line->echo(line, (const char[]){BELL}, 1);
        return;
    }
    if (line->head == line->edit)
        line->edit_column = line->column;
    *entry(line, line->head++) = byte;
    if (flag(line, ECHO))
        echo_byte(line, byte);
}

static void input_canonical(struct ttyline *line, uint8_t byte)
{
    if (correct(line, byte))
        return;
    if (is_char(line, VEOF, byte)) {
        complete(line, FILE_END | LINE_END);
        return;
    }
    if (byte == '\n' || is_char(line, VEOL, byte) || is_char(line, VEOL2, byte)) {
        if (flag(line, ECHO) || (byte == '\n' && flag(line, ECHONL)))
            echo_byte(line, byte);
        complete(line, byte | LINE_END);
        return;
    }
    append(line, byte);
}

static int signal_of(const struct ttyline *line, uint8_t byte)
{
    if (!flag(line, ISIG))
        return 0;
    if (is_char(line, VINTR, byte))
        return SIGINT;
    if (is_char(line, VQUIT, byte))
        return SIGQUIT;
    return is_char(line, VSUSP, byte) ? SIGTSTP : 0;
}

int ttyline_input(struct ttyline *line, uint8_t byte)
{
    tcflag_t modes = line->modes.c_iflag;

    if (modes & ISTRIP)
        byte &= 0x7f;
    if (byte == '\r' && (modes & IGNCR))
        return 0;
    if (byte == '\r' && (modes & ICRNL))
        byte = '\n';
    else if (byte == '\n' && (modes & INLCR))
        byte = '\r';

    int signal = signal_of(line, byte);
    if (signal) {
        if (flag(line, ECHO))
            echo_byte(line, byte);
        if (!flag(line, NOFLSH))
            ttyline_flush(line);
        return signal;
    }
    if (ttyline_canonical(line)) {
        input_canonical(line, byte);
    } else {
        append(line, byte);
        line->edit = line->head;
    }
    return 0;
}

void ttyline_flush(struct ttyline *line)
{
    line->tail = line->edit = line->head;
    line->edit_column = line->column;
    line->lines = 0;
}

void ttyline_set_modes(struct ttyline *line, const struct termios *modes, bool flush)
{
    bool was_canonical = ttyline_canonical(line);

    line->modes = *modes;
    if (flush)
        ttyline_flush(line);
    if (ttyline_canonical(line) == was_canonical)
        return;
    /* What was typed so far can be read in the new mode: raw, as it is; canonical, as a line of its own. */
    line->edit = line->head;
    line->edit_column = line->column;
    line->lines = 0;
    if (line->head != line->tail)
        *entry(line, line->head - 1) |= LINE_END;
    for (uint32_t i = line->tail; i != line->head; i++)
        line->lines += (*entry(line, i) & LINE_END) != 0;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

bool ttyline_ready(const struct ttyline *line)
{
    return ttyline_canonical(line) ? line->lines > 0 : line->tail != line->edit;
}

size_t ttyline_readable(const struct ttyline *line)
{
    return ttyline_ready(line) ? line->edit - line->tail : 0;
}

size_t ttyline_take(struct ttyline *line, uint8_t *bytes, size_t size, bool *end)
{
    bool canonical = ttyline_canonical(line);
    size_t count = 0;

    *end = false;
    while (line->tail != line->edit && !*end) {
        uint16_t next = *entry(line, line->tail);
        /* An end of file right behind the last byte that there is room for goes with it. */
        if (count == size && !(next & FILE_END))
            break;
        line->tail++;
        if (next & LINE_END)
            line->lines -= line->lines > 0;
        if (!(next & FILE_END))
            bytes[count++] = (uint8_t)next;
        *end = canonical && (next & LINE_END);
    }
    return count;
}
