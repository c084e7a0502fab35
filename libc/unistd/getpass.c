/* SPDX-License-Identifier: MIT */
/* getpass.c - a word that is typed and not shown, from the terminal that the process belongs to.
 *
 * Until the line is there the terminal neither echoes nor makes signals of keys: nobody leaves it like that. For the same reason no
 * thread is cancelled in between. What is typed too much is thrown away. The answer lies in one buffer, for all threads.
 */
#include <fcntl.h>
#include <paths.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../sys/raw.h"

#define WORD_MAX 128

static char word[WORD_MAX + 1];

static char *ask(int terminal, const char *prompt)
{
    SYSCALL(__NR_write, terminal, prompt, strlen(prompt));

    long length = SYSCALL(__NR_read, terminal, word, WORD_MAX);
    if (length < 0)
        return NULL;
    word[length] = '\0';
    word[strcspn(word, "\n")] = '\0';
    SYSCALL(__NR_write, terminal, "\n", 1);
    return word;
}

char *getpass(const char *prompt)
{
    struct termios before, silent;
    char *answer = NULL;
    int terminal = open(_PATH_TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal < 0)
        return NULL;
    if (tcgetattr(terminal, &before) == 0) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
        silent.c_lflag |= ICANON;
        silent.c_iflag |= ICRNL;
        tcsetattr(terminal, TCSAFLUSH, &silent);
        answer = ask(terminal, prompt);
        tcsetattr(terminal, TCSAFLUSH, &before);
    }
    SYSCALL(__NR_close, terminal);
    return answer;
}
