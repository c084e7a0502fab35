/* SPDX-License-Identifier: MIT */
/* libc_locale.c - the C locale: what localeconv says of it, and locales as objects, which a thread may choose. musl takes
 * any name for a locale, so no wrong one is asked for. */
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>

static void conventions(void)
{
    const struct lconv *c = localeconv();

    printf("numbers <%s> <%s> <%s>\n", c->decimal_point, c->thousands_sep, c->grouping);
    printf("money <%s> <%s> <%s> <%s> <%s> <%s> <%s>\n", c->int_curr_symbol, c->currency_symbol,
           c->mon_decimal_point, c->mon_thousands_sep, c->mon_grouping, c->positive_sign, c->negative_sign);
    int unknown = (c->int_frac_digits == CHAR_MAX) + (c->frac_digits == CHAR_MAX) +
                  (c->p_cs_precedes == CHAR_MAX) + (c->p_sep_by_space == CHAR_MAX) +
                  (c->n_cs_precedes == CHAR_MAX) + (c->n_sep_by_space == CHAR_MAX) +
                  (c->p_sign_posn == CHAR_MAX) + (c->n_sign_posn == CHAR_MAX) +
                  (c->int_p_cs_precedes == CHAR_MAX) + (c->int_p_sep_by_space == CHAR_MAX) +
                  (c->int_n_cs_precedes == CHAR_MAX) + (c->int_n_sep_by_space == CHAR_MAX) +
                  (c->int_p_sign_posn == CHAR_MAX) + (c->int_n_sign_posn == CHAR_MAX);
    printf("unknown %d\n", unknown);
}

static void *global_here(void *)
{
    printf("another thread has its own choice: %d\n", uselocale(NULL) == LC_GLOBAL_LOCALE);
    return NULL;
}

static void objects(void)
{
    pthread_t thread;
    locale_t c = newlocale(LC_ALL_MASK, "C", NULL);
    locale_t mixed = newlocale(LC_NUMERIC_MASK | LC_TIME_MASK, "POSIX", newlocale(LC_ALL_MASK, "C", NULL));

    printf("made %d %d\n", c != NULL, mixed != NULL);
    locale_t copy = duplocale(c), global = duplocale(LC_GLOBAL_LOCALE);
    printf("copied %d %d\n", copy != NULL, global != NULL);
    printf("at first the global one: %d\n", uselocale(NULL) == LC_GLOBAL_LOCALE);
    printf("former: %d", uselocale(c) == LC_GLOBAL_LOCALE);
    printf(", now: %d\n", uselocale(NULL) == c);
    pthread_create(&thread, NULL, global_here, NULL);
    pthread_join(thread, NULL);
    printf("%.2f\n", 1234.5);
    printf("former: %d", uselocale(LC_GLOBAL_LOCALE) == c);
    printf(", now: %d\n", uselocale(NULL) == LC_GLOBAL_LOCALE);
    freelocale(mixed);
    freelocale(copy);
    freelocale(global);
}

int main(void)
{
    printf("%s\n", setlocale(LC_ALL, NULL));
    conventions();
    objects();
    return 0;
}
