/* SPDX-License-Identifier: MIT */
/* programs numbers|words|tree|random|batch SCALE - small programs that live from malloc, each after a kind that is common.
 *
 *     numbers   factors numbers with integers of any length, each result of each operation a block of its own
 *     words     a hash table of strings that grow by realloc, are joined, sorted out and thrown away
 *     tree      search trees built, changed and taken down, with nodes of several sizes
 *     random    one of many live blocks, of widely spread sizes, is replaced by chance
 *     batch     so many of a size are taken and freed in order: 25, 100, 400, 1 600
 *
 * They print a checksum: the same with every allocator.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 88172645463325252u;
static uint64_t checksum;

static size_t below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 16) % limit;
}

static void *take(size_t bytes)
{
    void *p = malloc(bytes);

    if (!p)
        abort();
    return p;
}

/* ---- numbers: little-endian 16-bit limbs, schoolbook arithmetic, Pollard's rho ---- */
struct number {
    size_t length; /* without leading zeros */
    uint16_t limb[];
};

static struct number *number_new(size_t length)
{
    struct number *n = take(sizeof(*n) + length * sizeof(n->limb[0]));

    n->length = length;
    memset(n->limb, 0, length * sizeof(n->limb[0]));
    return n;
}

static struct number *number_trim(struct number *n)
{
    while (n->length && n->limb[n->length - 1] == 0)
        n->length--;
    return n;
}

static struct number *number_of(uint64_t value)
{
    struct number *n = number_new(4);

    for (int i = 0; i < 4; i++)
        n->limb[i] = (uint16_t)(value >> 16 * i);
    return number_trim(n);
}

static int number_compare(const struct number *a, const struct number *b)
{
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    for (size_t i = a->length; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static struct number *number_add(const struct number *a, const struct number *b)
{
    size_t length = (a->length > b->length ? a->length : b->length) + 1;
    struct number *sum = number_new(length);
    uint32_t carry = 0;

    for (size_t i = 0; i < length; i++) {
        carry += (i < a->length ? a->limb[i] : 0u) + (i < b->length ? b->limb[i] : 0u);
        sum->limb[i] = (uint16_t)carry;
        carry >>= 16;
    }
    return number_trim(sum);
}

/* => a - b, a is not smaller */
static struct number *number_subtract(const struct number *a, const struct number *b)
{
    struct number *rest = number_new(a->length);
    int32_t borrow = 0;

    for (size_t i = 0; i < a->length; i++) {
        borrow += (int32_t)a->limb[i] - (i < b->length ? (int32_t)b->limb[i] : 0);
        rest->limb[i] = (uint16_t)borrow;
        borrow >>= 16;
    }
    return number_trim(rest);
}

static struct number *number_multiply(const struct number *a, const struct number *b)
{
    struct number *product = number_new(a->length + b->length);

    for (size_t i = 0; i < a->length; i++) {
        uint32_t carry = 0;

        for (size_t k = 0; k < b->length; k++) {
            carry += product->limb[i + k] + (uint32_t)a->limb[i] * b->limb[k];
            product->limb[i + k] = (uint16_t)carry;
            carry >>= 16;
        }
        product->limb[i + b->length] = (uint16_t)carry;
    }
    return number_trim(product);
}

/* Shift and subtract: slow, and a new number at each step, as a program of this kind does it. */
static struct number *number_modulo(const struct number *a, const struct number *m)
{
    struct number *rest = number_of(0);

    for (size_t bit = a->length * 16; bit-- > 0;) {
        struct number *one = number_of(a->limb[bit / 16] >> bit % 16 & 1u);
        struct number *twice = number_add(rest, rest);

        free(rest);
        rest = number_add(twice, one);
        free(twice);
        free(one);
        if (number_compare(rest, m) >= 0) {
            struct number *less = number_subtract(rest, m);

            free(rest);
            rest = less;
        }
    }
    return rest;
}

static struct number *number_gcd(const struct number *a, const struct number *b)
{
    struct number *x = number_add(a, number_of(0)); /* a copy; the zero leaks, as programs leak */
    struct number *y = number_add(b, number_of(0));

    while (y->length) {
        struct number *rest = number_modulo(x, y);

        free(x);
        x = y;
        y = rest;
    }
    free(y);
    return x;
}

static struct number *rho_step(struct number *x, const struct number *n)
{
    struct number *one = number_of(1);
    struct number *square = number_multiply(x, x);
    struct number *more = number_add(square, one);
    struct number *next = number_modulo(more, n);

    free(one);
    free(square);
    free(more);
    free(x);
    return next;
}

static void numbers(size_t scale)
{
    for (size_t i = 0; i < scale; i++) {
        struct number *n = number_of((10007 + 2 * i) * (uint64_t)1000003);
        struct number *slow = number_of(2), *fast = number_of(2);
        struct number *divisor = number_of(1);

        for (int step = 0; step < 40 && divisor->length == 1 && divisor->limb[0] == 1; step++) {
            slow = rho_step(slow, n);
            fast = rho_step(rho_step(fast, n), n);
            struct number *apart = number_compare(slow, fast) < 0 ? number_subtract(fast, slow)
                                                                  : number_subtract(slow, fast);

            free(divisor);
            divisor = number_gcd(apart, n);
            free(apart);
        }
        checksum = checksum * 31 + (divisor->length ? divisor->limb[0] : 0);
        free(slow);
        free(fast);
        free(divisor);
        free(n);
    }
}

/* ---- words ---- */
#define BUCKETS 4096

struct word {
    struct word *next;
    char *text;
    size_t length;
};

static void words_clear(struct word **buckets, size_t keep_one_in)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct word **link = &buckets[i]; *link;) {
            struct word *w = *link;

            if (keep_one_in && below(keep_one_in) == 0) {
                link = &w->next;
                continue;
            }
            *link = w->next;
            checksum += w->length;
            free(w->text);
            free(w);
        }
}

static void words(size_t scale)
{
    static struct word *buckets[BUCKETS];

    for (size_t i = 0; i < scale * 1000; i++) {
        size_t key = below(20000);
        struct word **link = &buckets[key % BUCKETS];
        char text[32];
        size_t length = (size_t)snprintf(text, sizeof(text), "word-%zu,", key);

        while (*link && strtoul((*link)->text + 5, NULL, 10) != key)
            link = &(*link)->next;
        if (!*link) {
            *link = take(sizeof(**link));
            **link = (struct word){NULL, calloc(1, 1), 0};
        }
        (*link)->text = realloc((*link)->text, (*link)->length + length + 1);
        if (!(*link)->text)
            abort();
        memcpy((*link)->text + (*link)->length, text, length + 1);
        (*link)->length += length;
        if (i % 50000 == 49999)
            words_clear(buckets, 4);
    }
    words_clear(buckets, 0);
}

/* ---- tree ---- */
struct node {
    struct node *left, *right;
    uint64_t key;
    char payload[];
};

static void tree_insert(struct node **at, uint64_t key)
{
    size_t payload = key % 5 * 16;

    while (*at)
        at = key < (*at)->key ? &(*at)->left : &(*at)->right;
    *at = take(sizeof(**at) + payload);
    **at = (struct node){.key = key};
    memset((*at)->payload, 1, payload);
}

static void tree_free(struct node *n)
{
    if (!n)
        return;
    tree_free(n->left);
    tree_free(n->right);
    checksum += n->key;
    free(n);
}

static void tree(size_t scale)
{
    struct node *kept[64] = {NULL};

    for (size_t i = 0; i < scale * 4; i++) {
        struct node **root = &kept[below(64)];

        tree_free(*root);
        *root = NULL;
        for (size_t k = below(500); k > 0; k--)
            tree_insert(root, below(1 << 20));
    }
    for (size_t i = 0; i < 64; i++)
        tree_free(kept[i]);
}

/* ---- random: sizes of 16 to 16 KiB, small ones much more often ---- */
static void random_blocks(size_t scale)
{
    static char *blocks[8000];

    for (size_t i = 0; i < scale * 1000; i++) {
        size_t at = below(8000);
        size_t size = (size_t)16 << (below(4) ? below(4) : below(10));

        size += below(size);
        checksum += blocks[at] ? (unsigned char)*blocks[at] : 0;
        free(blocks[at]);
        blocks[at] = take(size);
        *blocks[at] = (char)i;
    }
    for (size_t at = 0; at < 8000; at++)
        free(blocks[at]);
}

static void batch(size_t scale)
{
    static const size_t numbers_of[] = {25, 100, 400, 1600};
    static char *blocks[1600];

    for (size_t i = 0; i < scale * 4; i++) {
        size_t number = numbers_of[i % 4];
        size_t size = 16 + below(300);

        for (size_t k = 0; k < number; k++) {
            blocks[k] = take(size);
            *blocks[k] = (char)k;
        }
        for (size_t k = 0; k < number; k++) {
            checksum += (unsigned char)*blocks[k];
            free(blocks[k]);
        }
    }
}

static const struct {
    const char *name;
    void (*body)(size_t scale);
} programs[] = {
    {"numbers", numbers}, {"words", words}, {"tree", tree}, {"random", random_blocks}, {"batch", batch}};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof(programs) / sizeof(*programs); i++)
        if (strcmp(programs[i].name, argv[1]) == 0) {
            programs[i].body(strtoul(argv[2], NULL, 10));
            printf("%s %llu\n", argv[1], (unsigned long long)checksum);
            return 0;
        }
    fprintf(stderr, "usage: programs numbers|words|tree|random|batch SCALE\n");
    return 2;
}
