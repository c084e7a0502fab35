/* SPDX-License-Identifier: MIT */
/* language.c - see language.h. The environment lies at the stack's top and is the program's to write: only its bounds are
 * ours. It is read in pieces, for it may be large; a page of it that cannot be had ends the search. */
#include <proc/language.h>

#include <lib/words.h>
#include <mm/access.h>
#include <string.h>

#define PIECE 256

bool language_is_chinese(struct aspace *aspace)
{
    static const char wanted[] = "LANG=";
    char piece[PIECE];

    for (vaddr_t at = aspace->env_start; at < aspace->env_end;) {
        size_t got = access_read(aspace, at, piece, MIN(aspace->env_end - at, PIECE - 1));
        if (got == 0)
            break;
        piece[got] = '\0';
        if (strncmp(piece, wanted, sizeof(wanted) - 1) == 0)
            return strncmp(piece + sizeof(wanted) - 1, "zh", 2) == 0;
        /* A string longer than the piece is passed over in steps; that one of them begins with LANG= is its own fault. */
        at += MIN(strlen(piece) + 1, got);
    }
    return words_chinese;
}
