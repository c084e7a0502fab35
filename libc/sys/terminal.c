/* SPDX-License-Identifier: MIT */
/* terminal.c - settings of a terminal, all by ioctl. */
#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int isatty(int fd)
{
    struct winsize size;

    return ioctl(fd, TIOCGWINSZ, &size) == 0;
}

int tcgetattr(int fd, struct termios *to)
{
    return ioctl(fd, TCGETS, to);
}

int tcsetattr(int fd, int when, const struct termios *from)
{
    switch (when) {
    case TCSANOW:
        return ioctl(fd, TCSETS, from);
    case TCSADRAIN:
        return ioctl(fd, TCSETSW, from);
    case TCSAFLUSH:
        return ioctl(fd, TCSETSF, from);
    }
    errno = EINVAL;
    return -1;
}

/* The duration means something only to systems that are not Linux. */
int tcsendbreak(int fd, int duration __attribute__((unused)))
{
    return ioctl(fd, TCSBRK, 0L);
}

/* TCSBRK with a non-zero argument sends no break: it only waits until everything is out. */
int tcdrain(int fd)
{
    return ioctl(fd, TCSBRK, 1L);
}

int tcflush(int fd, int queue)
{
    return ioctl(fd, TCFLSH, (long)queue);
}

int tcflow(int fd, int action)
{
    return ioctl(fd, TCXONC, (long)action);
}

/* No editing, no echo, no signals, no translation: bytes as they come, at least one at a time. */
void cfmakeraw(struct termios *settings)
{
    settings->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~(tcflag_t)OPOST;
    settings->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    settings->c_cflag |= CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

speed_t cfgetospeed(const struct termios *settings)
{
    return settings->c_cflag & CBAUD;
}

speed_t cfgetispeed(const struct termios *settings)
{
    return cfgetospeed(settings);
}

int cfsetospeed(struct termios *settings, speed_t speed)
{
    if ((speed & ~(speed_t)CBAUD) != 0) {
        errno = EINVAL;
        return -1;
    }
    settings->c_cflag = (settings->c_cflag & ~(tcflag_t)CBAUD) | speed;
    return 0;
}

/* One speed for both directions; 0 means "as the other". */
int cfsetispeed(struct termios *settings, speed_t speed)
{
    return speed == 0 ? 0 : cfsetospeed(settings, speed);
}

int cfsetspeed(struct termios *settings, speed_t speed)
{
    return cfsetospeed(settings, speed);
}

pid_t tcgetsid(int fd)
{
    pid_t session;

    return ioctl(fd, TIOCGSID, &session) == 0 ? session : -1;
}

int tcgetwinsize(int fd, struct winsize *size)
{
    return ioctl(fd, TIOCGWINSZ, size);
}

int tcsetwinsize(int fd, const struct winsize *size)
{
    return ioctl(fd, TIOCSWINSZ, size);
}
