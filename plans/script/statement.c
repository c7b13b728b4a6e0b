#include "plans/script/statement.h"

#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 8 };

/* The first words of a statement, without marks and comments; the others have kind TOKEN_END. */
struct words {
    struct token at[WORDS_MAX];
};

static struct token next_code(struct lexer *lexer)
{
    struct token token;

    do
        token = lexer_next(lexer);
    while (token.kind == TOKEN_COMMENT || token.kind == TOKEN_MARK);
    return token;
}

static struct words first_words(const struct dialect *dialect, const char *sql, size_t length)
{
    struct words words = {0};
    struct lexer lexer;

    lexer_start(&lexer, dialect, sql, length);
    for (size_t i = 0; i < WORDS_MAX; i++) {
        words.at[i] = next_code(&lexer);
        if (words.at[i].kind != TOKEN_WORD)
            break;
    }
    return words;
}

/* Rows with a second word stand before those without. */
static const struct {
    const char *first;
    const char *second; /* NULL: any */
    enum statement_role role;
} roles[] = {
    {"BEGIN", "NOT", STATEMENT_PLAIN}, /* MariaDB's block */
    {"BEGIN", NULL, STATEMENT_BEGIN},
    {"START", "TRANSACTION", STATEMENT_BEGIN},
    {"COMMIT", NULL, STATEMENT_COMMIT},
    {"END", NULL, STATEMENT_COMMIT},
    {"PREPARE", "TRANSACTION", STATEMENT_COMMIT},
    {"ROLLBACK", NULL, STATEMENT_ROLLBACK},
    {"ABORT", NULL, STATEMENT_ROLLBACK},
    {"SAVEPOINT", NULL, STATEMENT_SAVEPOINT},
    {"RELEASE", NULL, STATEMENT_SAVEPOINT},
    {"XA", "START", STATEMENT_BEGIN},
    {"XA", "BEGIN", STATEMENT_BEGIN},
    {"XA", "COMMIT", STATEMENT_COMMIT},
    {"XA", "ROLLBACK", STATEMENT_ROLLBACK},
};

/* ROLLBACK [WORK | TRANSACTION] TO … */
static bool is_rollback_to(const struct words *words)
{
    return token_is(&words->at[1], "TO") || token_is(&words->at[2], "TO");
}

enum statement_role statement_role_of(const struct dialect *dialect, const char *sql, size_t length)
{
    struct words words = first_words(dialect, sql, length);

    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        if (!token_is(&words.at[0], roles[i].first))
            continue;
        if (roles[i].second != NULL && !token_is(&words.at[1], roles[i].second))
            continue;
        if (roles[i].role == STATEMENT_ROLLBACK && is_rollback_to(&words))
            return STATEMENT_SAVEPOINT;
        return roles[i].role;
    }
    return STATEMENT_PLAIN;
}

bool statement_is_plain_transaction(const struct dialect *dialect, const char *sql, size_t length)
{
    static const char *const idle[] = {"WORK", "TRANSACTION", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"};
    struct words words = first_words(dialect, sql, length);

    if (token_is(&words.at[0], "PREPARE") || token_is(&words.at[0], "XA"))
        return false;
    for (size_t i = 1; words.at[i].kind != TOKEN_END; i++) {
        bool known = false;

        for (size_t j = 0; j < COUNT_OF(idle); j++)
            known = known || token_is(&words.at[i], idle[j]);
        if (!known || i + 1 == WORDS_MAX)
            return false;
    }
    return true;
}

/* What PreventInTransactionBlock (PostgreSQL) and SQLite's VACUUM refuse. */
static const struct {
    const char *first;
    const char *later; /* among the first words; NULL: none is needed */
} lone_statements[] = {
    {"VACUUM", NULL},       {"CREATE", "CONCURRENTLY"}, {"DROP", "CONCURRENTLY"},
    {"CREATE", "DATABASE"}, {"DROP", "DATABASE"},       {"REINDEX", "CONCURRENTLY"},
    {"ALTER", "SYSTEM"},    {"CREATE", "TABLESPACE"},   {"DROP", "TABLESPACE"},
};

static bool has_word(const struct words *words, const char *word)
{
    for (size_t i = 1; i < WORDS_MAX && words->at[i].kind == TOKEN_WORD; i++) {
        if (token_is(&words->at[i], word))
            return true;
    }
    return false;
}

bool statement_needs_autocommit(const struct dialect *dialect, const char *sql, size_t length)
{
    struct words words = first_words(dialect, sql, length);

    for (size_t i = 0; dialect->lone_statements && i < COUNT_OF(lone_statements); i++) {
        if (token_is(&words.at[0], lone_statements[i].first) &&
            (lone_statements[i].later == NULL || has_word(&words, lone_statements[i].later)))
            return true;
    }
    return false;
}

bool statement_is_copy_from_stdin(const struct dialect *dialect, const char *sql, size_t length)
{
    struct lexer lexer;
    struct token before = {.kind = TOKEN_END};

    if (!dialect->copy_data)
        return false;
    lexer_start(&lexer, dialect, sql, length);
    struct token token = next_code(&lexer);
    if (!token_is(&token, "COPY"))
        return false;
    while (token.kind != TOKEN_END) {
        if (token_is(&token, "STDIN") && token_is(&before, "FROM"))
            return true;
        before = token;
        token = next_code(&lexer);
    }
    return false;
}

static bool contains(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);

    for (size_t i = 0; i + size <= length; i++) {
        if (strncasecmp(text + i, word, size) == 0)
            return true;
    }
    return false;
}

void statement_apply_settings(struct lexer *lexer, const char *sql, size_t length)
{
    const struct dialect *dialect = lexer->dialect;

    if (dialect->escape_setting == NULL)
        return;
    struct words words = first_words(dialect, sql, length);
    if (token_is(&words.at[0], "SET") && contains(sql, length, dialect->escape_setting))
        lexer->backslash_escapes =
            contains(sql, length, dialect->escape_toggle) != dialect->backslash_escapes;
}
