#include "plans/schema/parser.h"

#include "common/list.h"
#include "plans/schema/parser_alter.h"
#include "plans/schema/parser_table.h"

static bool read_create_table(struct parser *parser, struct operation *operation)
{
    operation->kind = OPERATION_CREATE_TABLE;
    if (!words_read_name(parser, &operation->table, "the name of the table") ||
        !words_require(parser, "(", "\"(\" and the columns"))
        return false;
    operation->created.name = operation->table;
    do {
        if (!parser_read_element(parser, &operation->created))
            return false;
    } while (words_accept(parser, ","));
    return words_require(parser, ")", "\",\" or \")\"");
}

static bool read_create_index(struct parser *parser, bool unique, struct operation *operation)
{
    struct index *index = &operation->index;

    operation->kind = OPERATION_CREATE_INDEX;
    index->unique = unique;
    if (!words_read_name(parser, &index->name, "the name of the index") ||
        !words_require(parser, "on", "ON") ||
        !words_read_name(parser, &index->table, "the name of the table") ||
        !words_require(parser, "(", "\"(\""))
        return false;
    operation->name = index->name;
    operation->table = index->table;
    do {
        const char *name = NULL;
        if (!words_read_name(parser, &name, "the name of a column"))
            return false;
        index->descending = list_room(parser->arena, index->descending, index->columns.count,
                                      sizeof *index->descending);
        index->descending[index->columns.count] = words_accept(parser, "desc");
        if (!index->descending[index->columns.count])
            (void)words_accept(parser, "asc");
        words_add_name(parser, &index->columns, name);
    } while (words_accept(parser, ","));
    return words_require(parser, ")", "\",\", ASC, DESC or \")\"");
}

static bool read_create(struct parser *parser, struct operation *operation)
{
    if (words_accept(parser, "table"))
        return read_create_table(parser, operation);
    bool unique = words_accept(parser, "unique");
    if (words_accept(parser, "index"))
        return read_create_index(parser, unique, operation);
    return words_expected(parser, unique ? "INDEX" : "TABLE, INDEX or UNIQUE INDEX");
}

static bool read_drop(struct parser *parser, struct operation *operation)
{
    if (words_accept(parser, "table")) {
        operation->kind = OPERATION_DROP_TABLE;
        return words_read_name(parser, &operation->table, "the name of the table");
    }
    operation->kind = OPERATION_DROP_INDEX;
    return words_require(parser, "index", "TABLE or INDEX") &&
           words_read_name(parser, &operation->name, "the name of the index");
}

static const char statements[] = "CREATE, ALTER, DROP or ENGINE";

static bool read_block(struct parser *parser, const char **sql)
{
    if (parser->next->kind != TOKEN_BLOCK)
        return words_expected(parser, "\"$$\", a statement of the engine and \"$$\"");
    *sql = parser->next++->text;
    return true;
}

static bool read_engine(struct parser *parser, struct operation *operation)
{
    operation->kind = OPERATION_BLOCK;
    if (parser->next->kind != TOKEN_WORD ||
        !engine_kind_from_name(parser->next->text, &operation->block.engine))
        return words_expected(parser, "POSTGRESQL, MYSQL or SQLITE");
    parser->next++;
    return read_block(parser, &operation->block.sql) &&
           (!words_accept(parser, "undo") || read_block(parser, &operation->block.undo));
}

static bool read_operation(struct parser *parser, struct operation *operation)
{
    operation->line = parser->next->line;
    bool read = words_accept(parser, "create")   ? read_create(parser, operation)
                : words_accept(parser, "drop")   ? read_drop(parser, operation)
                : words_accept(parser, "alter")  ? parser_read_alter(parser, operation)
                : words_accept(parser, "engine") ? read_engine(parser, operation)
                                                 : words_expected(parser, statements);

    if (read && parser->next->kind != TOKEN_END)
        read = words_require(parser, ";", "\";\"");
    return read;
}

bool parser_read(struct arena *arena, const char *text, size_t length, struct change *change,
                 struct error *err)
{
    struct parser parser = {.arena = arena, .err = err};
    struct tokens tokens;

    *change = (struct change){.header = text};
    if (!lexer_read(arena, text, length, &tokens, err))
        return false;
    parser.next = tokens.items;
    change->header_length = tokens.items[0].offset;
    while (parser.next->kind != TOKEN_END) {
        change->operations =
            list_room(arena, change->operations, change->count, sizeof *change->operations);
        struct operation *operation = &change->operations[change->count++];
        *operation = (struct operation){0};
        if (!read_operation(&parser, operation))
            return false;
    }
    return change->count > 0 || words_expected(&parser, statements);
}
