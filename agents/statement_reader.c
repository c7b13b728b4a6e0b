#include "agents/statement_reader.h"

void reader_advance(struct statement_reader *reader)
{
    reader->ended = reader->token.text != NULL ? reader->token.text + reader->token.length : NULL;
    do
        reader->token = lexer_next(&reader->lexer);
    while (reader->token.kind == TOKEN_COMMENT || reader->token.kind == TOKEN_MARK);
}

struct statement_reader reader_at(struct arena *arena, enum engine_kind engine, const char *sql,
                                  size_t length)
{
    struct statement_reader reader = {.arena = arena};

    lexer_start(&reader.lexer, dialect_of(engine), sql, length);
    do
        reader_advance(&reader);
    while (token_is_symbol(&reader.token, '('));
    return reader;
}

bool reader_at_end(const struct statement_reader *reader)
{
    return reader->token.kind == TOKEN_END || reader->token.kind == TOKEN_OPEN;
}

bool reader_accept(struct statement_reader *reader, const char *word)
{
    if (!token_is(&reader->token, word))
        return false;
    reader_advance(reader);
    return true;
}

void reader_accept_if_exists(struct statement_reader *reader)
{
    if (!reader_accept(reader, "IF"))
        return;
    (void)reader_accept(reader, "NOT");
    (void)reader_accept(reader, "EXISTS");
}

static bool is_name(const struct token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

const char *reader_name(struct statement_reader *reader)
{
    const char *begin = reader->token.text;

    if (!is_name(&reader->token))
        return NULL;
    reader_advance(reader);
    while (token_is_symbol(&reader->token, '.')) {
        reader_advance(reader);
        if (!is_name(&reader->token))
            return NULL;
        reader_advance(reader);
    }
    return arena_copy(reader->arena, begin, (size_t)(reader->ended - begin));
}

bool reader_has_word(struct statement_reader reader, const char *word)
{
    for (; !reader_at_end(&reader); reader_advance(&reader))
        if (token_is(&reader.token, word))
            return true;
    return false;
}

bool reader_has_comma(struct statement_reader reader)
{
    for (; !reader_at_end(&reader); reader_advance(&reader))
        if (token_is_symbol(&reader.token, ','))
            return true;
    return false;
}
