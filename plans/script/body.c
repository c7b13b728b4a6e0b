#include "plans/script/body.h"

void body_start(struct body *body, enum body_rules rules)
{
    *body = (struct body){.rules = rules};
    body_reset(body);
}

void body_free(struct body *body)
{
    buffer_free(&body->frames);
}

void body_reset(struct body *body)
{
    struct buffer frames = body->frames;

    buffer_clear(&frames);
    *body = (struct body){
        .rules = body->rules,
        .frames = frames,
        .last = {.kind = TOKEN_END},
        .at_start = true,
    };
}

void body_close_frame(struct body *body)
{
    body->frames.bytes[--body->frames.length] = '\0';
}

static bool is_routine_word(const struct token *token)
{
    return token_is(token, "FUNCTION") || token_is(token, "PROCEDURE");
}

/* CREATE [OR REPLACE] FUNCTION | PROCEDURE */
static void decide_atomic_head(struct body *body, const struct token *word)
{
    if (body->words == 1)
        body->head = token_is(word, "CREATE") ? HEAD_CREATE : HEAD_PLAIN;
    else if (is_routine_word(word))
        body->head = HEAD_PROGRAM;
    else if (!token_is(word, "OR") && !token_is(word, "REPLACE"))
        body->head = HEAD_PLAIN;
}

/* CASE and END are reserved words: as plain names they only stand after AS. */
static void feed_atomic_body(struct body *body, const struct token *word)
{
    size_t depth = body->frames.length;

    if (token_is(word, "ATOMIC") && token_is(&body->last, "BEGIN"))
        buffer_append_char(&body->frames, 'B');
    else if (token_is(&body->last, "AS") || token_is_symbol(&body->last, '.') || depth == 0)
        return;
    else if (token_is(word, "CASE"))
        buffer_append_char(&body->frames, 'C');
    else if (token_is(word, "END"))
        body_close_frame(body);
}

static void feed_atomic(struct body *body, const struct token *token)
{
    if (token_is_symbol(token, '('))
        body->parentheses++;
    else if (token_is_symbol(token, ')') && body->parentheses > 0)
        body->parentheses--;
    if (token->kind != TOKEN_WORD)
        return;
    if (body->head == HEAD_UNDECIDED || body->head == HEAD_CREATE)
        decide_atomic_head(body, token);
    else if (body->head == HEAD_PROGRAM)
        feed_atomic_body(body, token);
}

/* CREATE [TEMP | TEMPORARY] TRIGGER */
static void decide_trigger_head(struct body *body, const struct token *word)
{
    if (body->words == 1)
        body->head = token_is(word, "CREATE") ? HEAD_CREATE : HEAD_PLAIN;
    else if (token_is(word, "TRIGGER"))
        body->head = HEAD_PROGRAM;
    else if (!token_is(word, "TEMP") && !token_is(word, "TEMPORARY"))
        body->head = HEAD_PLAIN;
}

/* As sqlite3_complete() does it: the body ends with ";" END ";", and nothing else has that. */
static void feed_trigger(struct body *body, const struct token *token)
{
    if (token->kind == TOKEN_WORD && body->head != HEAD_PROGRAM && body->head != HEAD_PLAIN)
        decide_trigger_head(body, token);
    body->ended = token_is(token, "END") && body->last.kind == TOKEN_TERMINATOR;
}

void body_feed(struct body *body, const struct token *token)
{
    if (token->kind == TOKEN_MARK)
        return;
    if (token->kind == TOKEN_WORD)
        body->words++;
    if (body->rules == BODY_ATOMIC)
        feed_atomic(body, token);
    else if (body->rules == BODY_TRIGGER)
        feed_trigger(body, token);
    else
        body_feed_compound(body, token);
    body->last = *token;
}

bool body_is_open(const struct body *body)
{
    if (body->rules == BODY_TRIGGER)
        return body->head == HEAD_PROGRAM && !body->ended;
    return body->parentheses > 0 || body->frames.length > 0;
}

const char *body_missing(const struct body *body)
{
    return body->parentheses > 0 ? "a closing parenthesis" : "the END of its body";
}
