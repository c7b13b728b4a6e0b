/*
 * setting - configuration by tables: one row per key, one per kind of section.
 *
 * fleet.ini and agent.ini are read by the same few functions; what differs is tables. A row says
 * how a key's value reads, in words too, and where it goes. So a key that no row knows, or that
 * stands twice, or a value that does not read, is found in one place, and each is a fault with
 * its line and, where one is near, a suggestion.
 */
#ifndef FLEET_COMMON_SETTING_H
#define FLEET_COMMON_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/diagnostics.h"
#include "common/ini.h"

struct setting_input {
    struct arena *arena;
    const char *file; /* as messages name it */
    const char *base; /* relative paths start beside this file */
    const struct ini_entry *entry;
};

/* Text with the line that it came from, for faults that show later; line 0: not given. */
struct setting_text {
    const char *text;
    int line;
};

enum setting_use {
    SETTING_ONCE,
    SETTING_REPEATED,
    SETTING_FAMILY, /* the key is a prefix: "var." */
};

struct setting {
    const char *key;
    /* Reads entry->value into the field at offset of the section's object. On false err may say
       why; where it does not, the message is "'VALUE' is not FORM". */
    bool (*read)(const struct setting *setting, const struct setting_input *input, void *field,
                 struct error *err);
    size_t offset;
    const char *form; /* "a duration such as 30s" */
    enum setting_use use;
    long least, most;         /* of setting_count and setting_duration (in ms) */
    const char *const *words; /* of setting_word, up to NULL */
};

struct setting_table {
    const struct setting *rows;
    size_t count;
};

/* Reads a section's keys into object, adding faults. object keeps what it had for other keys. */
void setting_read(const struct setting_table *table, const struct ini_section *section,
                  struct setting_input *input, void *object, struct diagnostics *faults);

/* A kind of section: "fleet" alone, or "env" as [env:NAME]. */
struct section_kind {
    const char *word;
    bool named;
    const struct setting_table *settings;
};

/* Which kind a section is of; *name is what follows the colon. NULL with a fault if none, or if a
   name is missing or not wanted. */
const struct section_kind *section_kind_of(const struct section_kind *kinds, size_t count,
                                           const char *file, const struct ini_section *section,
                                           const char **name, struct diagnostics *faults);

/* ", did you mean 'max_parallel'?", or nothing if no candidate is near. */
void setting_suggest(struct buffer *out, const char *word, const char *const *candidates,
                     size_t count);

/* Readers; the comment names the field's type. All refuse an empty value. */
#define SETTING_NAME_FORM "a name: a-z, 0-9, then also . _ -, at most 63"
typedef bool setting_reader(const struct setting *setting, const struct setting_input *input,
                            void *field, struct error *err);
setting_reader setting_string;   /* const char * */
setting_reader setting_located;  /* struct setting_text */
setting_reader setting_name;     /* const char *, as common/name.h has it */
setting_reader setting_path;     /* const char *, resolved beside the base */
setting_reader setting_count;    /* int, least to most */
setting_reader setting_duration; /* int64_t in ms, least to most */
setting_reader setting_word;     /* int, the index in words */

#endif
