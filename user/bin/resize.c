/* SPDX-License-Identifier: MIT */
/* resize.c - tells the kernel how large the window of this terminal is; init does it before the shell, a person after he made it
 * larger. A serial line carries no window size, but every terminal since the VT100 says where its cursor is; so
 * the cursor is sent as far as it goes, and asked. What answers nothing within a moment is no such terminal (a file, a program)
 * and keeps what the kernel assumes. */
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ASK "\0337\033[999;999H\033[6n\0338" /* save the cursor, move it, ask, put it back */
#define PATIENCE_MS 1000 /* a busy host may be late; only what answers nothing makes the boot wait so long */
#define LARGEST 998      /* where the cursor was sent is no answer */

/* => the answer's text, ended by its R, in `answer`; false: there came none. What a person typed before it is lost. */
static bool read_answer(int terminal, char *answer, size_t size)
{
    struct pollfd ready = {.fd = terminal, .events = POLLIN};
    size_t have = 0;

    while (have < size - 1 && poll(&ready, 1, PATIENCE_MS) == 1) {
        if (read(terminal, &answer[have], 1) != 1)
            return false;
        if (answer[have] == '\033')
            have = 0;
        else if (answer[have++] == 'R') {
            answer[have] = '\0';
            return true;
        }
    }
    return false;
}

/* => false: it has not answered. */
static bool ask(int terminal, char *answer, size_t size)
{
    struct termios before, raw;

    if (tcgetattr(terminal, &before) != 0)
        return false;
    raw = before;
    cfmakeraw(&raw);
    tcsetattr(terminal, TCSANOW, &raw);
    bool answered = write(terminal, ASK, strlen(ASK)) == (ssize_t)strlen(ASK) &&
                    read_answer(terminal, answer, size);
    tcsetattr(terminal, TCSANOW, &before);
    return answered;
}

int main(void)
{
    struct winsize size = {0};
    char answer[32] = "", *end = answer;
    unsigned long rows = 0, columns = 0;

    if (ask(STDIN_FILENO, answer, sizeof(answer)) && answer[0] == '[')
        rows = strtoul(answer + 1, &end, 10);
    if (*end == ';')
        columns = strtoul(end + 1, &end, 10);
    if (rows < 1 || columns < 1 || rows > LARGEST || columns > LARGEST || *end != 'R')
        return 1;
    size.ws_row = (unsigned short)rows;
    size.ws_col = (unsigned short)columns;
    return ioctl(STDIN_FILENO, TIOCSWINSZ, &size) == 0 ? 0 : 1;
}
