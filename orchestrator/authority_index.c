#include "orchestrator/authority_index.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/file.h"
#include "common/memory.h"

enum { INDEX_FILE_MAX = 64 * 1024 * 1024 };

void authority_index_free(struct authority_index *index)
{
    free(index->entries);
    *index = (struct authority_index){0};
}

void authority_index_add(struct authority_index *index, const struct issued_certificate *entry)
{
    index->entries = xreallocarray(index->entries, index->count + 1, sizeof *entry);
    index->entries[index->count++] = *entry;
}

static bool parse_entry(char *line, struct issued_certificate *entry, struct error *err)
{
    unsigned char serial[(SERIAL_HEX_SIZE - 1) / 2];
    char *rest = line;
    const char *hex = strsep(&rest, " ");
    const char *not_after = strsep(&rest, " ");
    const char *revoked = strsep(&rest, " ");

    *entry = (struct issued_certificate){0};
    if (rest == NULL || !hex_decode(hex, serial, sizeof serial) ||
        !timestamp_parse(not_after, &entry->not_after_ms) ||
        (strcmp(revoked, "-") != 0 && !timestamp_parse(revoked, &entry->revoked_ms)))
        return error_set(
            err, ERROR_CONFIG,
            "not \"SERIAL NOT-AFTER REVOKED IDENTITY\": restore the file from a backup");
    memcpy(entry->serial, hex, sizeof entry->serial);
    return identity_parse(rest, &entry->identity, err);
}

bool authority_index_read(const char *path, struct authority_index *index, struct error *err)
{
    AUTO_BUFFER struct buffer bytes = {0};
    int number = 1;

    if (!file_read(path, INDEX_FILE_MAX, &bytes, err))
        return false;
    char *rest = bytes.bytes;
    for (char *line; rest != NULL && *rest != '\0'; number++) {
        struct issued_certificate entry;

        line = strsep(&rest, "\n");
        if (!parse_entry(line, &entry, err)) {
            error_at_file(err, path, number);
            return false;
        }
        authority_index_add(index, &entry);
    }
    return true;
}

static void write_entry(const struct issued_certificate *entry, struct buffer *out)
{
    char not_after[TIMESTAMP_SIZE];
    char revoked[TIMESTAMP_SIZE] = "-";
    char uri[IDENTITY_URI_SIZE];

    timestamp_format(entry->not_after_ms, not_after);
    if (entry->revoked_ms != 0)
        timestamp_format(entry->revoked_ms, revoked);
    identity_format(&entry->identity, uri);
    buffer_printf(out, "%s %s %s %s\n", entry->serial, not_after, revoked, uri);
}

bool authority_index_write(const struct authority_index *index, const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer out = {0};

    for (size_t i = 0; i < index->count; i++)
        write_entry(&index->entries[i], &out);
    return file_write(path, buffer_text(&out), out.length, 0600, err);
}
