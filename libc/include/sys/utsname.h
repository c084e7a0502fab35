/* SPDX-License-Identifier: MIT */
/* <sys/utsname.h> - the name of the system. The kernel calls the struct new_utsname. */
#ifndef _SYS_UTSNAME_H
#define _SYS_UTSNAME_H

#define new_utsname utsname
#include <linux/utsname.h>
#undef new_utsname

int uname(struct utsname *name);

#endif
