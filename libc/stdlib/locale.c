/* SPDX-License-Identifier: MIT */
/* locale.c - there is one locale. Asking for "" (the user's choice) gives it as well. Nothing is kept, so any thread may ask; only
 * whether a thread has chosen the locale for itself or not, which uselocale tells. */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool exists(const char *name)
{
    return *name == '\0' || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
}

char *setlocale(int category, const char *name)
{
    if (category < LC_CTYPE || category > LC_ALL)
        return NULL;
    return name == NULL || exists(name) ? "C" : NULL;
}

/* POSIX's words for "not known here": an empty text and CHAR_MAX. */
struct lconv *localeconv(void)
{
    static struct lconv conventions = {
        .decimal_point = ".",
        .thousands_sep = "",
        .grouping = "",
        .int_curr_symbol = "",
        .currency_symbol = "",
        .mon_decimal_point = "",
        .mon_thousands_sep = "",
        .mon_grouping = "",
        .positive_sign = "",
        .negative_sign = "",
        .int_frac_digits = CHAR_MAX,
        .frac_digits = CHAR_MAX,
        .p_cs_precedes = CHAR_MAX,
        .p_sep_by_space = CHAR_MAX,
        .n_cs_precedes = CHAR_MAX,
        .n_sep_by_space = CHAR_MAX,
        .p_sign_posn = CHAR_MAX,
        .n_sign_posn = CHAR_MAX,
        .int_p_cs_precedes = CHAR_MAX,
        .int_p_sep_by_space = CHAR_MAX,
        .int_n_cs_precedes = CHAR_MAX,
        .int_n_sep_by_space = CHAR_MAX,
        .int_p_sign_posn = CHAR_MAX,
        .int_n_sign_posn = CHAR_MAX,
    };

    return &conventions;
}

static struct locale {
    char unused;
} only;

/* The thread's own; NULL: the process's. */
static _Thread_local locale_t chosen;

locale_t newlocale(int categories, const char *name, locale_t base)
{
    (void)base;
    if ((categories & ~LC_ALL_MASK) != 0 || name == NULL) {
        errno = EINVAL;
        return NULL;
    }
    if (!exists(name)) {
        errno = ENOENT;
        return NULL;
    }
    return &only;
}

locale_t duplocale(locale_t)
{
    return &only;
}

void freelocale(locale_t)
{
}

/* Returns the former one. */
locale_t uselocale(locale_t locale)
{
    locale_t former = chosen != NULL ? chosen : LC_GLOBAL_LOCALE;

    if (locale != NULL)
        chosen = locale == LC_GLOBAL_LOCALE ? NULL : locale;
    return former;
}
