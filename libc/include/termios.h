/* SPDX-License-Identifier: MIT */
/* <termios.h> - settings of a terminal. struct termios is the kernel's: the one that TCGETS fills. */
#ifndef _TERMIOS_H
#define _TERMIOS_H

#include <sys/types.h>
#include <asm/termios.h>

#ifndef TCSANOW
#define TCSANOW 0
#define TCSADRAIN 1
#define TCSAFLUSH 2
#endif
#define _POSIX_VDISABLE 0

int tcgetattr(int fd, struct termios *to);
int tcsetattr(int fd, int when, const struct termios *from);
int tcsendbreak(int fd, int duration);
int tcdrain(int fd);
int tcflush(int fd, int queue);
int tcflow(int fd, int action);
void cfmakeraw(struct termios *settings);
speed_t cfgetispeed(const struct termios *settings);
speed_t cfgetospeed(const struct termios *settings);
int cfsetispeed(struct termios *settings, speed_t speed);
int cfsetospeed(struct termios *settings, speed_t speed);
int cfsetspeed(struct termios *settings, speed_t speed);
pid_t tcgetsid(int fd);
int tcgetwinsize(int fd, struct winsize *size);
int tcsetwinsize(int fd, const struct winsize *size);

#endif
