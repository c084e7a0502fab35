/* SPDX-License-Identifier: MIT */
/* oldsignal.c - signals as System V and BSD had them, before there were sets: one at a time, by its number.
 *
 * Programs in several threads have no use for these: they change the mask of the calling thread only, and sigset takes two steps.
 */
#include <signal.h>
#include <stddef.h>

/* One signal in the mask, or out of it. */
static int change_mask(int how, int number, sigset_t *old)
{
    sigset_t one = 0;

    return sigaddset(&one, number) == 0 ? sigprocmask(how, &one, old) : -1;
}

int sighold(int number)
{
    return change_mask(SIG_BLOCK, number, NULL);
}

int sigrelse(int number)
{
    return change_mask(SIG_UNBLOCK, number, NULL);
}

int sigignore(int number)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    return sigaction(number, &ignore, NULL);
}

/* System V's meaning of the name: waits with this signal let through. (BSD's took a mask.) */
int sigpause(int number)
{
    sigset_t mask;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    return sigdelset(&mask, number) == 0 ? sigsuspend(&mask) : -1;
}

/* SIG_HOLD as an action: held back, the action stays. Any other lets the signal through. => SIG_HOLD if it was held back before, else
 * what it did. */
sighandler_t sigset(int number, sighandler_t handler)
{
    struct sigaction action = {.sa_handler = handler}, old;
    sigset_t before;

    if (sigaction(number, handler == SIG_HOLD ? NULL : &action, &old) != 0 ||
        change_mask(handler == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, number, &before) != 0)
        return SIG_ERR;
    return sigismember(&before, number) ? SIG_HOLD : old.sa_handler;
}

sighandler_t bsd_signal(int number, sighandler_t handler)
{
    return signal(number, handler);
}
