/* SPDX-License-Identifier: MIT */
/* <ucontext.h> - see <sys/ucontext.h>; makecontext and its kind are not here. */
#ifndef _UCONTEXT_H
#define _UCONTEXT_H

#include <sys/ucontext.h>

#endif
