#include "agents/daemon/trusted_keys.h"

#include <string.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/name.h"
#include "common/setting.h"

enum { FILE_LIMIT = 1024 * 1024 };

struct reading {
    const char *path;
    int line;
    struct arena *arena;
    struct diagnostics *faults;
    struct trusted_key *keys;
    size_t count;
};

static bool has_key(const struct reading *reading, const struct public_key *key)
{
    for (size_t i = 0; i < reading->count; i++)
        if (memcmp(reading->keys[i].key.bytes, key->bytes, PUBLIC_KEY_SIZE) == 0)
            return true;
    return false;
}

static int count_persons(const struct trusted_key *keys, size_t count)
{
    int persons = 0;

    for (size_t i = 0; i < count; i++) {
        bool before = false;

        for (size_t j = 0; j < i; j++)
            before |= strcmp(keys[j].person, keys[i].person) == 0;
        persons += !before;
    }
    return persons;
}

/* Takes the line's first word, ended by a NUL; the rest follows. */
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t\r");

    *rest = word + strcspn(word, " \t\r");
    if (**rest != '\0')
        *(*rest)++ = '\0';
    return word;
}

static void read_line(struct reading *reading, char *line)
{
    char *person = take_word(&line);
    const char *hex = take_word(&line);
    struct public_key key;

    if (person[0] == '\0' || person[0] == '#')
        return;
    if (!name_is_valid(person))
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->path, reading->line,
                        "'%s' is not " SETTING_NAME_FORM, person);
    else if (!public_key_from_hex(hex, &key) || take_word(&line)[0] != '\0')
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->path, reading->line,
                        "the line is not PERSON KEY, with a key of 64 hex digits");
    else if (has_key(reading, &key))
        diagnostics_add(reading->faults, ERROR_CONFIG, reading->path, reading->line,
                        "the key of '%s' is in the file twice", person);
    else
        reading->keys[reading->count++] =
            (struct trusted_key){key, arena_strdup(reading->arena, person)};
}

struct trusted_key_list trusted_keys_read(const char *path, struct arena *arena,
                                          struct diagnostics *faults)
{
    AUTO_BUFFER struct buffer text = {0};
    struct reading reading = {.path = path, .arena = arena, .faults = faults};
    struct error err = {0};
    size_t faults_before = diagnostics_count(faults);
    size_t lines = 1;

    if (!file_read(path, FILE_LIMIT, &text, &err)) {
        err.code = ERROR_CONFIG;
        error_wrap(&err, "trusted_keys");
        diagnostics_add_error(faults, &err);
        return (struct trusted_key_list){0};
    }
    for (size_t i = 0; i < text.length; i++)
        lines += text.bytes[i] == '\n';
    reading.keys = arena_calloc(arena, lines, sizeof *reading.keys);
    char *rest = text.bytes;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        reading.line++;
        read_line(&reading, line);
    }
    if (reading.count == 0 && diagnostics_count(faults) == faults_before)
        diagnostics_add(faults, ERROR_CONFIG, path, 0,
                        "there is no key in the file; each line is PERSON KEY, and fleet prints "
                        "an operator's");
    return (struct trusted_key_list){reading.keys, reading.count,
                                     count_persons(reading.keys, reading.count)};
}
