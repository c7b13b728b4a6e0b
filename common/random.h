/* random - unpredictable bytes as an argument, so that tests bring their own. */
#ifndef FLEET_COMMON_RANDOM_H
#define FLEET_COMMON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_source {
    void (*fill)(const struct random_source *source, void *bytes, size_t length);
    void *context;
};

/* The system's cryptographic generator; ends the process if it fails. */
const struct random_source *random_system(void);

uint32_t random_u32(const struct random_source *source);

/* length bytes, at most 64, as 2 * length lower-case hex digits and a NUL. */
void random_hex(const struct random_source *source, size_t length, char *text);

#endif
