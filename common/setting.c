#include "common/setting.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/name.h"
#include "common/text.h"

void setting_suggest(struct buffer *out, const char *word, const char *const *candidates,
                     size_t count)
{
    const char *nearest = text_nearest(word, candidates, count);

    if (nearest != NULL)
        buffer_printf(out, ", did you mean '%s'?", nearest);
}

static bool row_has_key(const struct setting *row, const char *key)
{
    if (row->use != SETTING_FAMILY)
        return strcmp(row->key, key) == 0;
    return strncmp(row->key, key, strlen(row->key)) == 0;
}

static const struct setting *find_row(const struct setting_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (row_has_key(&table->rows[i], key))
            return &table->rows[i];
    return NULL;
}

static void add_unknown_key(const struct setting_table *table, const struct setting_input *input,
                            const char *section, struct diagnostics *faults)
{
    AUTO_BUFFER struct buffer message = {0};
    const char **keys = xcalloc(table->count, sizeof *keys);

    for (size_t i = 0; i < table->count; i++)
        keys[i] = table->rows[i].key;
    buffer_printf(&message, "unknown key '%s' in [%s]", input->entry->key, section);
    setting_suggest(&message, input->entry->key, keys, table->count);
    free(keys);
    diagnostics_add(faults, ERROR_CONFIG, input->file, input->entry->line, "%s",
                    buffer_text(&message));
}

/* The line of an earlier entry with the same key; 0 if there is none. */
static int line_of_earlier(const struct ini_section *section, const struct ini_entry *entry)
{
    for (const struct ini_entry *other = section->entries; other < entry; other++)
        if (strcmp(other->key, entry->key) == 0)
            return other->line;
    return 0;
}

static void read_value(const struct setting *row, const struct setting_input *input, void *object,
                       struct diagnostics *faults)
{
    const struct ini_entry *entry = input->entry;
    struct error err = {0};

    if (entry->value[0] != '\0' && row->read(row, input, (char *)object + row->offset, &err))
        return;
    if (entry->value[0] == '\0')
        error_set(&err, ERROR_CONFIG, "%s has no value; it is %s", entry->key, row->form);
    else if (err.code == ERROR_NONE)
        error_set(&err, ERROR_CONFIG, "%s: '%s' is not %s", entry->key, entry->value, row->form);
    else
        error_wrap(&err, "%s", entry->key);
    error_at_file(&err, input->file, entry->line);
    diagnostics_add_error(faults, &err);
}

void setting_read(const struct setting_table *table, const struct ini_section *section,
                  struct setting_input *input, void *object, struct diagnostics *faults)
{
    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *entry = &section->entries[i];
        const struct setting *row = find_row(table, entry->key);
        int earlier = line_of_earlier(section, entry);

        input->entry = entry;
        if (row == NULL)
            add_unknown_key(table, input, section->name, faults);
        else if (earlier > 0 && row->use != SETTING_REPEATED)
            diagnostics_add(faults, ERROR_CONFIG, input->file, entry->line,
                            "duplicate key '%s' in [%s]; it stands on line %d already", entry->key,
                            section->name, earlier);
        else
            read_value(row, input, object, faults);
    }
    input->entry = NULL;
}

static const struct section_kind *find_kind(const struct section_kind *kinds, size_t count,
                                            const char *word, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(kinds[i].word) == length && strncmp(kinds[i].word, word, length) == 0)
            return &kinds[i];
    return NULL;
}

static void add_unknown_section(const struct section_kind *kinds, size_t count, const char *file,
                                const struct ini_section *section, struct diagnostics *faults)
{
    AUTO_BUFFER struct buffer message = {0};
    AUTO(text) char *word = xstrndup(section->name, strcspn(section->name, ":"));
    const char **words = xcalloc(count, sizeof *words);

    for (size_t i = 0; i < count; i++)
        words[i] = kinds[i].word;
    buffer_printf(&message, "unknown section [%s]", section->name);
    const char *nearest = text_nearest(word, words, count);
    if (nearest != NULL)
        buffer_printf(&message, ", did you mean [%s%s]?", nearest, section->name + strlen(word));
    free(words);
    diagnostics_add(faults, ERROR_CONFIG, file, section->line, "%s", buffer_text(&message));
}

const struct section_kind *section_kind_of(const struct section_kind *kinds, size_t count,
                                           const char *file, const struct ini_section *section,
                                           const char **name, struct diagnostics *faults)
{
    size_t length = strcspn(section->name, ":");
    const struct section_kind *kind = find_kind(kinds, count, section->name, length);
    bool named = section->name[length] == ':';

    if (kind == NULL) {
        add_unknown_section(kinds, count, file, section, faults);
        return NULL;
    }
    if (kind->named != named) {
        diagnostics_add(faults, ERROR_CONFIG, file, section->line,
                        named ? "[%s] should be [%s], without a name"
                              : "[%s] should be [%s:NAME], with a name",
                        section->name, kind->word);
        return NULL;
    }
    *name = section->name + length + (named ? 1 : 0);
    return kind;
}

bool setting_string(const struct setting *setting, const struct setting_input *input, void *field,
                    struct error *err)
{
    (void)setting;
    (void)err;
    *(const char **)field = input->entry->value;
    return true;
}

bool setting_located(const struct setting *setting, const struct setting_input *input, void *field,
                     struct error *err)
{
    (void)setting;
    (void)err;
    *(struct setting_text *)field = (struct setting_text){input->entry->value, input->entry->line};
    return true;
}

bool setting_name(const struct setting *setting, const struct setting_input *input, void *field,
                  struct error *err)
{
    return name_is_valid(input->entry->value) && setting_string(setting, input, field, err);
}

bool setting_path(const struct setting *setting, const struct setting_input *input, void *field,
                  struct error *err)
{
    AUTO(text) char *path = file_path_beside(input->base, input->entry->value);

    (void)setting;
    (void)err;
    *(const char **)field = arena_strdup(input->arena, path);
    return true;
}

bool setting_count(const struct setting *setting, const struct setting_input *input, void *field,
                   struct error *err)
{
    const char *text = input->entry->value;
    size_t digits = strspn(text, "0123456789");

    (void)err;
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return false;
    long value = strtol(text, NULL, 10);
    if (value < setting->least || value > setting->most)
        return false;
    *(int *)field = (int)value;
    return true;
}

bool setting_duration(const struct setting *setting, const struct setting_input *input, void *field,
                      struct error *err)
{
    int64_t value;

    (void)err;
    if (!duration_parse(input->entry->value, &value) || value < setting->least ||
        value > setting->most)
        return false;
    *(int64_t *)field = value;
    return true;
}

bool setting_word(const struct setting *setting, const struct setting_input *input, void *field,
                  struct error *err)
{
    size_t count = 0;
    AUTO_BUFFER struct buffer message = {0};

    for (; setting->words[count] != NULL; count++) {
        if (strcmp(setting->words[count], input->entry->value) == 0) {
            *(int *)field = (int)count;
            return true;
        }
    }
    buffer_printf(&message, "'%s' is not %s", input->entry->value, setting->form);
    setting_suggest(&message, input->entry->value, setting->words, count);
    return error_set(err, ERROR_CONFIG, "%s", buffer_text(&message));
}
