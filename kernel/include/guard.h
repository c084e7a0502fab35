/* SPDX-License-Identifier: MIT */
/* guard.h - a lock that is held from a line to the end of its block, wherever that is left; what is returned is read before. */
#pragma once

/* For a struct NAME with NAME_lock and NAME_unlock, what GUARD takes and gives up. */
#define GUARD_FUNCTIONS(type, name)                                                                          \
    static inline type *name##_guard_begin(type *lock)                                                       \
    {                                                                                                        \
        name##_lock(lock);                                                                                   \
        return lock;                                                                                         \
    }                                                                                                        \
    static inline void name##_guard_end(type *const *lock)                                                   \
    {                                                                                                        \
        name##_unlock(*lock);                                                                                \
    }

#define GUARD(type, name, lock)                                                                              \
    type *const guard_ __attribute__((cleanup(name##_guard_end), unused)) = name##_guard_begin(lock)
