#include "plans/script/directives.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/list.h"
#include "common/name.h"
#include "common/text.h"

static const char mark[] = "fleet:";
static const char blanks[] = " \t\r\v\f";

static bool is_blank(char c)
{
    return c != '\0' && strchr(blanks, c) != NULL;
}

static bool read_no_transaction(struct directive_reader *reader, const char *value)
{
    reader->directives.no_transaction = true;
    return *value == '\0';
}

static bool read_nothing_to_undo(struct directive_reader *reader, const char *value)
{
    reader->directives.nothing_to_undo = true;
    return *value == '\0';
}

static bool read_foreign_keys(struct directive_reader *reader, const char *value)
{
    reader->directives.foreign_keys_off = true;
    return strcmp(value, "off") == 0;
}

static bool read_lock_timeout(struct directive_reader *reader, const char *value)
{
    return duration_parse(value, &reader->directives.lock_timeout_ms) &&
           reader->directives.lock_timeout_ms > 0;
}

static bool read_statement_timeout(struct directive_reader *reader, const char *value)
{
    return duration_parse(value, &reader->directives.statement_timeout_ms) &&
           reader->directives.statement_timeout_ms > 0;
}

static bool read_irreversible(struct directive_reader *reader, const char *value)
{
    reader->directives.irreversible = value;
    return *value != '\0';
}

static bool read_allow(struct directive_reader *reader, const char *value)
{
    struct directives *directives = &reader->directives;
    size_t rule = strcspn(value, blanks);
    const char *reason = value + rule + strspn(value + rule, blanks);

    if (*reason == '\0')
        return false;
    struct waiver *waivers =
        list_room(reader->arena, directives->waivers, directives->waiver_count, sizeof *waivers);
    waivers[directives->waiver_count++] =
        (struct waiver){.rule = arena_copy(reader->arena, value, rule), .reason = reason};
    directives->waivers = waivers;
    return true;
}

static bool read_env(struct directive_reader *reader, const char *value)
{
    struct directives *directives = &reader->directives;
    char *rest = arena_strdup(reader->arena, value);

    for (char *name = strsep(&rest, ","); name != NULL; name = strsep(&rest, ",")) {
        name += strspn(name, blanks);
        name[strcspn(name, blanks)] = '\0';
        if (!name_is_valid(name))
            return false;
        const char **environments = list_room(reader->arena, directives->environments,
                                              directives->environment_count, sizeof *environments);
        environments[directives->environment_count++] = name;
        directives->environments = environments;
    }
    return true;
}

static bool read_undoes(struct directive_reader *reader, const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);

    if (*value < '1' || *value > '9' || *end != '\0' || number > 1000000 || reader->undoes != 0)
        return false;
    reader->undoes = (int)number;
    reader->undoes_line = reader->line;
    return true;
}

static void close_query(struct directive_reader *reader)
{
    struct directives *directives = &reader->directives;

    if (reader->query_line == 0)
        return;
    const char *sql = arena_copy(reader->arena, buffer_text(&reader->query), reader->query.length);
    if (reader->query_is_probe) {
        reader->probe = sql;
        reader->probe_line = reader->query_line;
    } else {
        struct check *checks =
            list_room(reader->arena, directives->checks, directives->check_count, sizeof *checks);
        checks[directives->check_count++] = (struct check){.sql = sql, .line = reader->query_line};
        directives->checks = checks;
    }
    reader->query_line = 0;
}

static void extend_query(struct directive_reader *reader, const char *text)
{
    size_t length = strlen(text);

    reader->query_last_line = reader->line;
    buffer_append(&reader->query, text, length);
    buffer_append_char(&reader->query, '\n');
    if (length > 0 && text[length - 1] == ';')
        close_query(reader);
}

static void begin_query(struct directive_reader *reader, const char *text, bool is_probe)
{
    buffer_clear(&reader->query);
    reader->query_line = reader->line;
    reader->query_is_probe = is_probe;
    extend_query(reader, text);
}

static bool read_check(struct directive_reader *reader, const char *value)
{
    begin_query(reader, value, false);
    return true;
}

static bool read_probe(struct directive_reader *reader, const char *value)
{
    if (reader->probe != NULL)
        return false;
    begin_query(reader, value, true);
    return true;
}

struct directive {
    const char *name;
    const char *form;
    bool between; /* may also stand between statements */
    bool repeats;
    bool (*read)(struct directive_reader *reader, const char *value);
};

static const struct directive table[] = {
    {"no-transaction", "no-transaction", false, false, read_no_transaction},
    {"lock-timeout", "lock-timeout=3s", false, false, read_lock_timeout},
    {"statement-timeout", "statement-timeout=10m", false, false, read_statement_timeout},
    {"irreversible", "irreversible REASON", false, false, read_irreversible},
    {"nothing-to-undo", "nothing-to-undo", false, false, read_nothing_to_undo},
    {"foreign-keys", "foreign-keys=off", false, false, read_foreign_keys},
    {"allow", "allow RULE REASON", false, true, read_allow},
    {"check", "check SELECT …", false, true, read_check},
    {"env", "env=NAME,NAME", false, false, read_env},
    {"undoes", "undoes N, once before a statement", true, true, read_undoes},
    {"probe", "probe SELECT …, once before a statement", true, true, read_probe},
};

void directive_reader_start(struct directive_reader *reader, struct arena *arena, const char *file,
                            struct diagnostics *faults)
{
    *reader = (struct directive_reader){.arena = arena, .file = file, .faults = faults};
}

void directive_reader_free(struct directive_reader *reader)
{
    buffer_free(&reader->query);
}

static const struct directive *find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

static void add_unknown(struct directive_reader *reader, const char *name)
{
    const char *names[COUNT_OF(table)];
    struct buffer known AUTO_BUFFER = {0};

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        names[i] = table[i].name;
        buffer_printf(&known, "%s%s", i > 0 ? ", " : "", table[i].name);
    }
    const char *near = text_nearest(name, names, COUNT_OF(table));
    if (near != NULL)
        diagnostics_add(reader->faults, ERROR_CONFIG, reader->file, reader->line,
                        "unknown directive \"%s\", did you mean \"%s\"?", name, near);
    else
        diagnostics_add(reader->faults, ERROR_CONFIG, reader->file, reader->line,
                        "unknown directive \"%s\"; there are %s", name, buffer_text(&known));
}

/* Why the directive may not stand here; NULL if it may. */
static const char *misplaced(const struct directive_reader *reader,
                             const struct directive *directive, enum directive_place place)
{
    unsigned bit = 1U << (directive - table);

    if (place == PLACE_INSIDE)
        return "stands inside a statement; put it on a line before";
    if (place == PLACE_BETWEEN && !directive->between)
        return "must stand before the first statement";
    if ((reader->seen & bit) != 0 && !directive->repeats)
        return "is given twice";
    return NULL;
}

/* text is what follows "fleet:", without blanks around it; it is cut into name and value. */
static void read_directive(struct directive_reader *reader, char *text, enum directive_place place)
{
    char *value = text + strcspn(text, "= \t");
    char *after = value + strspn(value, blanks);

    after += *after == '=';
    after += strspn(after, blanks);
    *value = '\0';
    value = after;
    const struct directive *directive = find(text);
    if (directive == NULL) {
        add_unknown(reader, text);
        return;
    }
    const char *reason = misplaced(reader, directive, place);
    if (reason != NULL)
        diagnostics_add(reader->faults, ERROR_CONFIG, reader->file, reader->line,
                        "directive \"%s\" %s", directive->name, reason);
    else if (!directive->read(reader, value))
        diagnostics_add(reader->faults, ERROR_CONFIG, reader->file, reader->line,
                        "directive \"%s\" is written \"-- fleet: %s\"", directive->name,
                        directive->form);
    reader->seen |= 1U << (directive - table);
}

/* "-- fleet:", with any blanks before "fleet:" or none. */
static bool is_directive(const struct token *comment)
{
    const char *p = comment->text + 2;
    const char *end = comment->text + comment->length;

    if (comment->length < 2 || memcmp(comment->text, "--", 2) != 0)
        return false;
    while (p < end && is_blank(*p))
        p++;
    return (size_t)(end - p) >= strlen(mark) && strncasecmp(p, mark, strlen(mark)) == 0;
}

/* A line right below that is indented by two blanks or more. */
static bool continues_query(const struct directive_reader *reader, const struct token *comment)
{
    return reader->query_line != 0 && comment->line == reader->query_last_line + 1 &&
           comment->starts_line && comment->length >= 4 && memcmp(comment->text, "--", 2) == 0 &&
           is_blank(comment->text[2]) && is_blank(comment->text[3]);
}

/* A copy of the comment from skip on, without blanks around it. */
static char *trimmed(struct arena *arena, const struct token *comment, size_t skip)
{
    const char *begin = comment->text + skip;
    const char *end = comment->text + comment->length;

    while (begin < end && is_blank(*begin))
        begin++;
    while (end > begin && is_blank(end[-1]))
        end--;
    return arena_copy(arena, begin, (size_t)(end - begin));
}

void directive_comment(struct directive_reader *reader, const struct token *comment,
                       enum directive_place place)
{
    reader->line = comment->line;
    if (is_directive(comment)) {
        close_query(reader);
        char *text = trimmed(reader->arena, comment, 2);
        text += strlen(mark);
        read_directive(reader, text + strspn(text, blanks), place);
    } else if (continues_query(reader, comment)) {
        extend_query(reader, trimmed(reader->arena, comment, 2));
    } else {
        close_query(reader);
    }
}

int directive_take_undoes(struct directive_reader *reader)
{
    int undoes = reader->undoes;

    close_query(reader);
    reader->undoes = 0;
    return undoes;
}

const char *directive_take_probe(struct directive_reader *reader)
{
    close_query(reader);
    const char *probe = reader->probe;
    reader->probe = NULL;
    return probe;
}

void directive_reader_end(struct directive_reader *reader)
{
    close_query(reader);
    if (reader->probe != NULL)
        diagnostics_add(reader->faults, ERROR_CONFIG, reader->file, reader->probe_line,
                        "directive \"probe\" has no statement after it");
    if (reader->undoes != 0)
        diagnostics_add(reader->faults, ERROR_CONFIG, reader->file, reader->undoes_line,
                        "directive \"undoes\" has no statement after it");
}
