#include "plans/script.h"

#include <string.h>

#include "common/list.h"
#include "plans/script/body.h"
#include "plans/script/directives.h"
#include "plans/script/statement.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

struct parser {
    struct arena *arena;
    const char *file;
    struct diagnostics *faults;
    struct lexer lexer;
    struct body body;
    struct directive_reader directives;
    struct statement *statements;
    size_t count;
    const char *begin; /* of the statement that has begun; NULL if none has */
    const char *end;   /* of its last token */
    int line;
};

static enum directive_place place_of(const struct parser *parser)
{
    if (parser->begin != NULL)
        return PLACE_INSIDE;
    return parser->count > 0 ? PLACE_BETWEEN : PLACE_TOP;
}

static void finish(struct parser *parser)
{
    const char *sql = parser->begin;

    if (sql == NULL)
        return;
    size_t length = (size_t)(parser->end - sql);
    const struct dialect *dialect = parser->lexer.dialect;
    parser->statements =
        list_room(parser->arena, parser->statements, parser->count, sizeof *parser->statements);
    parser->statements[parser->count++] = (struct statement){
        .sql = sql,
        .length = length,
        .line = parser->line,
        .role = statement_role_of(dialect, sql, length),
        .undoes = directive_take_undoes(&parser->directives),
        .probe = directive_take_probe(&parser->directives),
    };
    parser->begin = NULL;
    body_reset(&parser->body);
    statement_apply_settings(&parser->lexer, sql, length);
    if (statement_is_copy_from_stdin(dialect, sql, length)) {
        diagnostics_add(parser->faults, ERROR_CONFIG, parser->file, parser->line,
                        "COPY … FROM STDIN needs psql to send its lines; write them as INSERT "
                        "(pg_dump --inserts does)");
        lexer_skip_past_line(&parser->lexer, "\\.");
    }
}

/* DELIMITER takes the first word of the rest of its line, as MySQL's client does. */
static void set_delimiter(struct parser *parser, const struct token *command)
{
    struct token rest = lexer_rest_of_line(&parser->lexer);
    struct lexer *lexer = &parser->lexer;
    size_t length = 0;

    while (length < rest.length && strchr(" \t", rest.text[length]) == NULL)
        length++;
    if (length == 0 || length >= DELIMITER_SIZE || memchr(rest.text, '\\', length) != NULL) {
        diagnostics_add(parser->faults, ERROR_CONFIG, parser->file, command->line,
                        "DELIMITER needs 1 to %d characters, without a backslash",
                        DELIMITER_SIZE - 1);
        return;
    }
    memcpy(lexer->delimiter, rest.text, length);
    lexer->delimiter[length] = '\0';
    lexer->delimiter_length = length;
}

/* pg_dump writes these to guard psql against commands hidden in its data. */
static bool is_harmless(const struct token *command)
{
    static const char *const harmless[] = {"restrict ", "unrestrict "};

    for (size_t i = 0; i < COUNT_OF(harmless); i++) {
        size_t length = strlen(harmless[i]);

        if (command->length > length && memcmp(command->text, harmless[i], length) == 0)
            return true;
    }
    return false;
}

static void refuse_client_command(struct parser *parser, const struct token *mark)
{
    struct token rest = lexer_rest_of_line(&parser->lexer);
    int shown = rest.length < 40 ? (int)rest.length : 40;

    if (parser->begin == NULL && is_harmless(&rest))
        return;
    diagnostics_add(parser->faults, ERROR_CONFIG, parser->file, mark->line,
                    "\"%c%.*s\" is a command of %s, and only SQL is run here; remove it or write "
                    "it as SQL",
                    *mark->text, shown, rest.text, parser->lexer.dialect->command_client);
}

/* Whether the token begins a command for the client; it is then dealt with. */
static bool is_client_command(struct parser *parser, const struct token *token)
{
    const struct dialect *dialect = parser->lexer.dialect;
    bool fresh = parser->begin == NULL && token->starts_line;

    if (dialect->delimiter_command && fresh && token_is(token, "DELIMITER")) {
        set_delimiter(parser, token);
        return true;
    }
    if (dialect->command_mark == '\0' || !token_is_symbol(token, dialect->command_mark) ||
        (dialect->command_starts_line && !fresh))
        return false;
    refuse_client_command(parser, token);
    return true;
}

/* Bodies are followed only where ";" ends a statement: another delimiter makes that needless. */
static bool follows_bodies(const struct parser *parser)
{
    return strcmp(parser->lexer.delimiter, ";") == 0;
}

static void extend(struct parser *parser, const struct token *token)
{
    if (parser->begin == NULL) {
        parser->begin = token->text;
        parser->line = token->line;
    }
    parser->end = token->text + token->length;
    if (follows_bodies(parser))
        body_feed(&parser->body, token);
}

static void take(struct parser *parser, const struct token *token)
{
    switch (token->kind) {
    case TOKEN_COMMENT:
        directive_comment(&parser->directives, token, place_of(parser));
        break;
    case TOKEN_TERMINATOR:
        if (parser->begin != NULL && body_is_open(&parser->body))
            extend(parser, token);
        else
            finish(parser);
        break;
    case TOKEN_OPEN:
        diagnostics_add(parser->faults, ERROR_CONFIG, parser->file, token->line,
                        "the %s that begins here never ends", token->opened);
        break;
    case TOKEN_WORD:
    case TOKEN_QUOTED:
    case TOKEN_SYMBOL:
    case TOKEN_MARK:
        if (!is_client_command(parser, token))
            extend(parser, token);
        break;
    case TOKEN_END:
        break;
    }
}

static void split(struct parser *parser)
{
    struct token token;

    do {
        token = lexer_next(&parser->lexer);
        take(parser, &token);
    } while (token.kind != TOKEN_END && token.kind != TOKEN_OPEN);
    if (token.kind == TOKEN_END && parser->begin != NULL && body_is_open(&parser->body))
        diagnostics_add(parser->faults, ERROR_CONFIG, parser->file, parser->line,
                        "the statement that begins here lacks %s", body_missing(&parser->body));
    finish(parser);
    directive_reader_end(&parser->directives);
}

static void parser_start(struct parser *parser, struct arena *arena, const struct dialect *dialect,
                         const char *file, struct diagnostics *faults)
{
    *parser = (struct parser){.arena = arena, .file = file, .faults = faults};
    parser->lexer.dialect = dialect;
    body_start(&parser->body, dialect->body);
    directive_reader_start(&parser->directives, arena, file, faults);
}

static void parser_run(struct parser *parser, const char *bytes, size_t length)
{
    lexer_start(&parser->lexer, parser->lexer.dialect, bytes, length);
    split(parser);
    body_free(&parser->body);
    directive_reader_free(&parser->directives);
}

/* The one statement of a directive, without its terminator; NULL after a fault. */
static const char *parse_query(struct parser *outer, const char *directive, const char *sql,
                               int line)
{
    struct parser parser;

    parser_start(&parser, outer->arena, outer->lexer.dialect, outer->file, outer->faults);
    parser_run(&parser, sql, strlen(sql));
    if (parser.count == 1)
        return arena_copy(outer->arena, parser.statements[0].sql, parser.statements[0].length);
    diagnostics_add(outer->faults, ERROR_CONFIG, outer->file, line,
                    "directive \"%s\" needs one query, this has %zu", directive, parser.count);
    return NULL;
}

static void parse_queries(struct parser *outer)
{
    struct directives *directives = &outer->directives.directives;
    struct check *checks = arena_calloc(outer->arena, directives->check_count, sizeof *checks);

    for (size_t i = 0; i < directives->check_count; i++) {
        const struct check *check = &directives->checks[i];

        checks[i] = (struct check){.sql = parse_query(outer, "check", check->sql, check->line),
                                   .line = check->line};
    }
    directives->checks = checks;
    for (size_t i = 0; i < outer->count; i++) {
        struct statement *statement = &outer->statements[i];

        if (statement->probe != NULL)
            statement->probe = parse_query(outer, "probe", statement->probe, statement->line);
    }
}

static bool is_plain(const struct parser *parser, const struct statement *statement)
{
    return statement_is_plain_transaction(parser->lexer.dialect, statement->sql, statement->length);
}

/* Whether the first and the last statement are a pair that everything else stands in. */
static bool is_wrapped(const struct parser *parser)
{
    const struct statement *first = parser->statements;

    if (parser->count < 2)
        return false;
    const struct statement *last = first + parser->count - 1;
    if (first->role != STATEMENT_BEGIN || last->role != STATEMENT_COMMIT ||
        !is_plain(parser, first) || !is_plain(parser, last))
        return false;
    for (const struct statement *inner = first + 1; inner < last; inner++) {
        if (inner->role != STATEMENT_PLAIN && inner->role != STATEMENT_SAVEPOINT)
            return false;
    }
    return true;
}

/* Faults that make all else meaningless. */
static bool is_text(const char *file, const char *bytes, size_t length, struct diagnostics *faults)
{
    const char *nul = length > 0 ? memchr(bytes, '\0', length) : NULL;
    int line = 1;

    if (nul == NULL)
        return true;
    for (const char *p = bytes; p < nul; p++)
        line += *p == '\n';
    diagnostics_add(faults, ERROR_CONFIG, file, line,
                    "a NUL byte stands here; scripts are text in UTF-8 (is this UTF-16?)");
    return false;
}

bool script_parse(struct arena *arena, enum engine_kind engine, const char *file, const char *bytes,
                  size_t length, struct script *script, struct diagnostics *faults)
{
    size_t faults_before = diagnostics_count(faults);
    size_t mark = strlen(byte_order_mark);
    struct parser parser;

    *script = (struct script){0};
    if (!is_text(file, bytes, length, faults))
        return false;
    if (length >= mark && memcmp(bytes, byte_order_mark, mark) == 0) {
        bytes += mark;
        length -= mark;
    }
    parser_start(&parser, arena, dialect_of(engine), file, faults);
    parser_run(&parser, length > 0 ? bytes : "", length);
    parse_queries(&parser);
    bool wrapped = is_wrapped(&parser);
    *script = (struct script){
        .directives = parser.directives.directives,
        .statements = wrapped ? parser.statements + 1 : parser.statements,
        .count = wrapped ? parser.count - 2 : parser.count,
    };
    return diagnostics_count(faults) == faults_before;
}

bool script_needs_autocommit(enum engine_kind engine, const char *bytes, size_t length)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct script script;

    if (!script_parse(arena, engine, "", bytes, length, &script, faults))
        return false;
    for (size_t i = 0; i < script.count; i++) {
        if (statement_needs_autocommit(dialect_of(engine), script.statements[i].sql,
                                       script.statements[i].length))
            return true;
    }
    return false;
}
