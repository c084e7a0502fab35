/* SPDX-License-Identifier: MIT */
/* crash.h - see crash.c */
#pragma once

/* Does what `panic=KIND` on the command line asks for; returns only if there is no such word. Needs pid 1. */
void crash_on_purpose(void);
