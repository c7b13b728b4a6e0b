/* scope - automatic release of owned pointers, and attributes for contracts. */
#ifndef FLEET_COMMON_SCOPE_H
#define FLEET_COMMON_SCOPE_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) \
    __attribute__((__format__(__printf__, text, first), __nonnull__(text)))
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* AUTO(thing) struct thing *t: calls thing_free(t) when t leaves scope. */
#define AUTO(name) __attribute__((cleanup(name##_cleanup)))
#define AUTO_DEFINE(name) AUTO_DEFINE_FOR(name, struct name)
#define AUTO_DEFINE_FOR(name, type)                 \
    static inline void name##_cleanup(type **owned) \
    {                                               \
        name##_free(*owned);                        \
    }

/* Gives up ownership: yields the pointer and leaves NULL behind for AUTO. */
#define TAKE(owned)                         \
    __extension__({                         \
        __typeof__(owned) taken_ = (owned); \
        (owned) = NULL;                     \
        taken_;                             \
    })

#endif
