/* SPDX-License-Identifier: MIT */
/* <elf.h> - executable files, from the kernel's headers (no relocation types beyond what those have). */
#ifndef _ELF_H
#define _ELF_H

#include <stdint.h>
#include <linux/auxvec.h>
#include <linux/elf.h>

#endif
