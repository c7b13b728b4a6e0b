#include "plans/migration_file.h"

#include <string.h>

#include "common/text.h"

static const char digits[] = "0123456789";
static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

struct ending {
    const char *text;
    enum script_kind kind;
};

static const struct ending versioned[] = {
    {".up.sql", SCRIPT_UP},
    {".down.sql", SCRIPT_DOWN},
    {".change.sql", SCRIPT_CHANGE},
};

/* The longer first: the shorter is a part of it. */
static const struct ending repeatables[] = {
    {".down.sql", SCRIPT_DOWN},
    {".sql", SCRIPT_UP},
};

void migration_name_clean(const char *text, struct buffer *out)
{
    size_t before = out->length;

    for (; *text != '\0' && out->length - before < MIGRATION_NAME_SIZE - 1; text++) {
        bool fits = strchr(name_characters, *text) != NULL;
        bool repeats = out->length == before || out->bytes[out->length - 1] == '_';

        if (fits || !repeats)
            buffer_append_char(out, fits ? *text : '_');
    }
    while (out->length > before && out->bytes[out->length - 1] == '_')
        out->bytes[--out->length] = '\0';
    if (out->length == before)
        buffer_append_text(out, "migration");
}

/* Takes an ending off the text and says what it means. */
static bool take_ending(char *text, const struct ending *endings, size_t count,
                        enum script_kind *kind)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(endings[i].text);

        if (length > size && strcmp(text + length - size, endings[i].text) == 0) {
            text[length - size] = '\0';
            *kind = endings[i].kind;
            return true;
        }
    }
    return false;
}

/* Other common names of the engines, for suggestions. */
static const char *meant_engine(const char *text)
{
    static const struct {
        const char *alias;
        enum engine_kind engine;
    } aliases[] = {
        {"pg", ENGINE_POSTGRESQL},
        {"pgsql", ENGINE_POSTGRESQL},
        {"postgres", ENGINE_POSTGRESQL},
        {"mariadb", ENGINE_MYSQL},
    };
    const char *names[ENGINE_KIND_COUNT];

    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        if (strcmp(aliases[i].alias, text) == 0)
            return engine_kind_name(aliases[i].engine);
    }
    for (size_t i = 0; i < ENGINE_KIND_COUNT; i++)
        names[i] = engine_kind_name((enum engine_kind)i);
    return text_nearest(text, names, ENGINE_KIND_COUNT);
}

/* Takes ".ENGINE" off the text, if there is one. */
static bool take_engine(char *text, struct migration_file_name *parts, struct error *err)
{
    char *dot = strchr(text, '.');

    if (dot == NULL)
        return true;
    *dot++ = '\0';
    parts->for_one_engine = true;
    if (engine_kind_from_name(dot, &parts->engine))
        return true;
    const char *near = meant_engine(dot);
    if (near != NULL)
        return error_set(err, ERROR_CONFIG, "unknown engine \"%s\", did you mean \"%s\"?", dot,
                         near);
    return error_set(err, ERROR_CONFIG,
                     "unknown engine \"%s\"; there are postgresql, mysql and sqlite, and a name "
                     "has no dots",
                     dot);
}

/* The name that was probably meant: 001-init.sql is 001_init.up.sql. */
static void suggest(const char *file, struct buffer *out)
{
    const char *version = file + strcspn(file, digits);
    size_t length = strspn(version, digits);
    const char *rest = version + length;
    struct buffer name AUTO_BUFFER = {0};

    if (length == 0 || length >= VERSION_SIZE || version > file + 1)
        return;
    rest += *rest == '.' ? 1 : strspn(rest, "_- ");
    buffer_append(&name, rest, strcspn(rest, "."));
    const char *kind = strstr(rest, "down") != NULL ? "down" : "up";
    buffer_printf(out, "%.*s_", (int)length, version);
    migration_name_clean(buffer_text(&name), out);
    buffer_printf(out, ".%s.sql", kind);
}

static bool wrong_form(const char *file, bool repeatable, struct error *err)
{
    struct buffer meant AUTO_BUFFER = {0};

    if (repeatable)
        return error_set(err, ERROR_CONFIG,
                         "the name of a repeatable is NAME[.ENGINE].sql or "
                         "NAME[.ENGINE].down.sql");
    suggest(file, &meant);
    if (meant.length > 0)
        return error_set(err, ERROR_CONFIG,
                         "the name is not VERSION_NAME[.ENGINE].up.sql or .down.sql, did you mean "
                         "\"%s\"?",
                         buffer_text(&meant));
    return error_set(err, ERROR_CONFIG,
                     "not a migration: those are VERSION_NAME[.ENGINE].up.sql or .down.sql, such "
                     "as 001_init.up.sql; move the file elsewhere");
}

/* text is "VERSION_NAME", or "NAME" of a repeatable. */
static bool take_name(char *text, bool repeatable, struct migration_file_name *parts)
{
    size_t version = repeatable ? 0 : strspn(text, digits);
    const char *name = repeatable ? text : text + version + 1;

    if (!repeatable && (version == 0 || version >= VERSION_SIZE || text[version] != '_'))
        return false;
    size_t length = strlen(name);
    if (length == 0 || length >= MIGRATION_NAME_SIZE || strspn(name, name_characters) != length)
        return false;
    memcpy(parts->version, text, version);
    memcpy(parts->name, name, length);
    return true;
}

bool migration_file_name_read(const char *file, bool repeatable, struct migration_file_name *parts,
                              struct error *err)
{
    const struct ending *endings = repeatable ? repeatables : versioned;
    size_t count = repeatable ? COUNT_OF(repeatables) : COUNT_OF(versioned);
    char text[512];
    size_t length = strlen(file);

    *parts = (struct migration_file_name){0};
    if (length >= sizeof text)
        return error_set(err, ERROR_CONFIG, "the name is longer than %zu bytes", sizeof text - 1);
    memcpy(text, file, length + 1);
    if (!take_ending(text, endings, count, &parts->kind))
        return wrong_form(file, repeatable, err);
    if (!take_engine(text, parts, err))
        return false;
    return take_name(text, repeatable, parts) || wrong_form(file, repeatable, err);
}

bool migration_file_name_parse(const char *file, struct migration_file_name *parts)
{
    struct error ignored = {0};

    return migration_file_name_read(file, false, parts, &ignored);
}
