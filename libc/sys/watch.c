/* SPDX-License-Identifier: MIT */
/* watch.c - does somebody watch? Asked once, when the program starts, of the page that every process shares with the kernel: malloc then
 * tells its operations (malloc/told.h).
 *
 * Linux has no such word, so there the answer is no. A program without malloc has nothing to tell and is not asked. */
#include "watch.h"

#include <malloc/glue.h>
#include <stdbool.h>

#include "vdso.h"

#pragma weak __malloc_glue_watched

void trace_start(void)
{
    const struct vdso *vdso;

    if (&glue_watched == NULL)
        return;
    vdso = vdso_functions();
    glue_watched = vdso->trace_level != NULL && vdso->trace_level() != 0;
}
