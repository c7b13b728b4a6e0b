/* The lines of agents/engines/postgresql_introspect.sql. */
#include <string.h>

#include "plans/introspection/finding.h"
#include "plans/introspection/postgresql_type.h"

static bool is_name(const struct token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* Of a path of names with dots between them the last ones; before them the schema public, or, where
   the target is one schema, nothing. */
static bool read_path(struct parser *parser, size_t wanted, const char *names[2])
{
    const char *path[3];
    size_t count = 0;

    do {
        if (count == COUNT_OF(path))
            return finding_refuse(parser);
        if (!words_read_name(parser, &path[count], "a name"))
            return false;
        count++;
    } while (words_accept(parser, "."));
    if (count < wanted)
        return finding_refuse(parser);
    for (size_t i = 0; i < wanted; i++)
        names[i] = path[count - wanted + i];
    if (count > wanted && strcmp(path[0], "public") != 0)
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "it is in schema %s: portable DDL has tables of one schema, public",
                         path[0]);
    return true;
}

static const char *part_of(const struct finding *finding, const char *what, const char *name)
{
    return arena_printf(finding->arena, "%s \"%s\"", what, name);
}

static bool read_table(struct finding *finding, struct parser *parser)
{
    const char *names[2] = {"", ""};

    if (!read_path(parser, 1, names))
        return false;
    (void)finding_add_table(finding, names[0]);
    finding->table = names[0];
    finding->part = "its storage";
    return finding_require_end(parser);
}

/* The table that a part belongs to. *table is NULL if another line has told that it is outside. */
static bool find_owner(struct finding *finding, struct parser *parser, const char *what,
                       struct found_table **table, const char **name)
{
    const char *names[2] = {"", ""};

    *table = NULL;
    struct error silent = {0};
    struct parser path = {.arena = parser->arena, .next = parser->next, .err = &silent};
    if (read_path(&path, 2, names)) {
        *table = finding_table(finding, names[0]);
        *name = names[1];
        finding->table = names[0];
        finding->part = part_of(finding, what, names[1]);
    }
    parser->next = path.next;
    return true;
}

static bool read_identity(struct parser *parser, struct column *column)
{
    column->identity = true;
    column->identity_always = words_accept(parser, "always");
    return column->identity_always ||
           (words_accept(parser, "by") && words_accept(parser, "default"));
}

static bool read_clauses(struct finding *finding, struct parser *parser, struct column *column)
{
    if (words_accept(parser, "not") && words_accept(parser, "null"))
        column->not_null = true;
    if (words_accept(parser, "identity") && !read_identity(parser, column))
        return finding_refuse(parser);
    if (words_accept(parser, "default"))
        return finding_read_default(finding, parser, column);
    return finding_require_end(parser);
}

static bool has_size(const struct column *column, const struct parser *parser)
{
    bool wants_one =
        column->type == TYPE_CHAR || column->type == TYPE_VARCHAR || column->type == TYPE_DECIMAL;

    return !wants_one || column->size > 0 ||
           error_set(parser->err, ERROR_UNSUPPORTED,
                     "portable DDL has no such type without a size");
}

static bool read_column(struct finding *finding, struct parser *parser)
{
    struct found_table *table;
    struct column column = {0};

    if (!find_owner(finding, parser, "column", &table, &column.name) || table == NULL)
        return true;
    if (!postgresql_type_read(parser, &column) || !has_size(&column, parser) ||
        !read_clauses(finding, parser, &column))
        return false;
    *finding_add_column(finding, table) = column;
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);

    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* A primary key is the engine's to name. */
static bool read_constraint(struct finding *finding, struct parser *parser)
{
    struct found_table *table;
    const char *name = "";

    if (!find_owner(finding, parser, "constraint", &table, &name) || table == NULL)
        return true;
    bool is_ours = words_is(parser, "primary") && ends_with(name, "_pkey");
    return finding_read_constraint(finding, parser, table, is_ours ? NULL : name);
}

/* The index of a constraint is told by that. */
static bool is_of_constraint(const struct found_table *table, const char *name)
{
    for (size_t i = 0; i < table->table.constraint_count; i++) {
        const struct constraint *constraint = &table->table.constraints[i];
        bool is_unnamed_key =
            constraint->kind == CONSTRAINT_PRIMARY_KEY && constraint->name == NULL;

        if (is_unnamed_key
                ? ends_with(name, "_pkey")
                : constraint->kind <= CONSTRAINT_UNIQUE && strcmp(constraint->name, name) == 0)
            return true;
    }
    return false;
}

/* public.i CREATE UNIQUE INDEX i ON public.t USING btree (a, b DESC) */
static bool read_index(struct finding *finding, struct parser *parser)
{
    const char *names[2] = {"", ""};
    struct index index = {0};

    if (!read_path(parser, 1, names))
        return false;
    index.name = names[0];
    finding->part = part_of(finding, "index", index.name);
    if (!words_accept(parser, "create"))
        return finding_refuse(parser);
    index.unique = words_accept(parser, "unique");
    if (!words_accept(parser, "index") || !is_name(parser->next))
        return finding_refuse(parser);
    parser->next++;
    if (!words_accept(parser, "on") || words_is(parser, "only") || !read_path(parser, 1, names))
        return finding_refuse(parser);
    struct found_table *table = finding_table(finding, names[0]);
    if (table == NULL || is_of_constraint(table, index.name))
        return true;
    finding->table = names[0];
    if (!words_accept(parser, "using") || !words_accept(parser, "btree"))
        return finding_refuse(parser);
    if (!finding_read_index_columns(parser, &index) || !finding_require_end(parser))
        return false;
    index.table = names[0];
    *finding_add_index(finding, table) = index;
    return true;
}

static struct column *find_column(const struct found_table *table, const char *name)
{
    for (size_t i = 0; table != NULL && i < table->table.column_count; i++)
        if (strcmp(table->table.columns[i].name, name) == 0)
            return &table->table.columns[i];
    return NULL;
}

/* "as bigint start 1 increment 1 from 1 to … cache 1", which is what an identity has. */
static bool is_plain_sequence(const struct token *first, const struct token *owned)
{
    static const char *const words[] = {"as",   NULL, "start", "1",  "increment", "1",
                                        "from", "1",  "to",    NULL, "cache",     "1"};

    if (owned - first != COUNT_OF(words))
        return false;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (words[i] != NULL && strcmp(first[i].text, words[i]) != 0)
            return false;
    return true;
}

/* Each sequence has a line of its own as a relation, which says no more than this one. */
static bool read_sequence(struct finding *finding, struct parser *parser)
{
    const char *names[2] = {"", ""};
    const char *column_name = "";
    struct found_table *table = NULL;

    if (!read_path(parser, 1, names))
        return false;
    finding->part = part_of(finding, "sequence", names[0]);
    const struct token *first = parser->next;
    if (first->kind == TOKEN_END)
        return true;
    while (parser->next->kind != TOKEN_END && !words_is(parser, "owned"))
        parser->next++;
    const struct token *owned = parser->next;
    if (!words_accept(parser, "owned") || !words_accept(parser, "by"))
        return error_set(parser->err, ERROR_UNSUPPORTED,
                         "portable DDL has no sequences but those of an identity");
    (void)find_owner(finding, parser, "the sequence of column", &table, &column_name);
    const struct column *column = find_column(table, column_name);
    if (column == NULL || (column->identity && is_plain_sequence(first, owned)))
        return true; /* or told by the column's line */
    return error_set(parser->err, ERROR_UNSUPPORTED,
                     "portable DDL has no settings of a sequence, such as where it starts");
}

static bool read_schema(struct finding *finding, struct parser *parser)
{
    (void)finding;
    return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has tables of one schema");
}

bool line_read_postgresql(struct finding *finding, struct parser *parser)
{
    static const struct {
        const char *word;
        line_function read;
    } readers[] = {
        {"table", read_table},           {"column", read_column}, {"index", read_index},
        {"constraint", read_constraint}, {"schema", read_schema}, {"sequence", read_sequence},
    };

    for (size_t i = 0; i < COUNT_OF(readers); i++)
        if (words_accept(parser, readers[i].word))
            return readers[i].read(finding, parser);
    return error_set(parser->err, ERROR_UNSUPPORTED, "portable DDL has no words for it");
}
