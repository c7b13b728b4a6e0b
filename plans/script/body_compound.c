/*
 * Stored programs of MySQL and MariaDB without DELIMITER. BEGIN and END are no reserved words
 * there, and IF and REPEAT are functions too; so a word opens a frame only where a statement of
 * the body can begin. CASE is reserved: as an expression it opens a frame anywhere.
 */
#include "plans/script/body.h"

enum frame {
    FRAME_BLOCK = 'B',
    FRAME_IF = 'I',
    FRAME_CASE = 'C',
    FRAME_CASE_VALUE = 'V', /* closed by END alone; THEN in it begins no statement */
    FRAME_LOOP = 'L',
    FRAME_WHILE = 'W',
    FRAME_REPEAT = 'R',
    FRAME_FOR = 'F',
};

enum effect {
    EFFECT_NONE,
    EFFECT_OPEN,       /* a frame, where a statement may begin */
    EFFECT_OPEN_START, /* the same, and a statement follows at once */
    EFFECT_CASE,
    EFFECT_END,
    EFFECT_THEN,    /* THEN, ELSE: a statement follows, unless in a value's CASE */
    EFFECT_DO,      /* of WHILE, FOR and events */
    EFFECT_ATOMIC,  /* the last word of BEGIN NOT ATOMIC */
    EFFECT_HEAD,    /* ends a program's head: its one statement may follow */
    EFFECT_SKIP,    /* a name follows that ends the head */
    EFFECT_HANDLER, /* a block may follow anywhere in this statement */
};

struct keyword {
    const char *word;
    enum effect effect;
    enum frame frame;
};

static const struct keyword keywords[] = {
    {"BEGIN", EFFECT_OPEN_START, FRAME_BLOCK},
    {"IF", EFFECT_OPEN, FRAME_IF},
    {"LOOP", EFFECT_OPEN_START, FRAME_LOOP},
    {"WHILE", EFFECT_OPEN, FRAME_WHILE},
    {"REPEAT", EFFECT_OPEN_START, FRAME_REPEAT},
    {"FOR", EFFECT_OPEN, FRAME_FOR},
    {"CASE", EFFECT_CASE, FRAME_CASE},
    {"END", EFFECT_END, FRAME_BLOCK},
    {"THEN", EFFECT_THEN, FRAME_BLOCK},
    {"ELSE", EFFECT_THEN, FRAME_BLOCK},
    {"DO", EFFECT_DO, FRAME_BLOCK},
    {"ATOMIC", EFFECT_ATOMIC, FRAME_BLOCK},
    {"HANDLER", EFFECT_HANDLER, FRAME_BLOCK},
    {"ROW", EFFECT_HEAD, FRAME_BLOCK},
    {"DATA", EFFECT_HEAD, FRAME_BLOCK},
    {"SQL", EFFECT_HEAD, FRAME_BLOCK},
    {"DETERMINISTIC", EFFECT_HEAD, FRAME_BLOCK},
    {"DEFINER", EFFECT_HEAD, FRAME_BLOCK},
    {"INVOKER", EFFECT_HEAD, FRAME_BLOCK},
    {"FOLLOWS", EFFECT_SKIP, FRAME_BLOCK},
    {"PRECEDES", EFFECT_SKIP, FRAME_BLOCK},
};

/* What a CREATE or ALTER is about; other words, such as a definer's name, decide nothing. */
static const struct {
    const char *word;
    enum body_head head;
} objects[] = {
    {"PROCEDURE", HEAD_PROGRAM}, {"FUNCTION", HEAD_PROGRAM}, {"TRIGGER", HEAD_PROGRAM},
    {"EVENT", HEAD_PROGRAM},     {"PACKAGE", HEAD_PROGRAM},  {"TABLE", HEAD_PLAIN},
    {"VIEW", HEAD_PLAIN},        {"INDEX", HEAD_PLAIN},      {"DATABASE", HEAD_PLAIN},
    {"SCHEMA", HEAD_PLAIN},      {"USER", HEAD_PLAIN},       {"ROLE", HEAD_PLAIN},
    {"SERVER", HEAD_PLAIN},      {"SEQUENCE", HEAD_PLAIN},   {"TABLESPACE", HEAD_PLAIN},
};

static const struct keyword *find_keyword(const struct token *word)
{
    static const struct keyword none = {"", EFFECT_NONE, FRAME_BLOCK};

    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (token_is(word, keywords[i].word))
            return &keywords[i];
    }
    return &none;
}

static enum frame top(const struct body *body)
{
    size_t depth = body->frames.length;

    return depth > 0 ? (enum frame)body->frames.bytes[depth - 1] : (enum frame)0;
}

/* FOR opens one only in a body: in a head it belongs to FOR EACH ROW or FOR UPDATE. */
static bool opens_here(const struct body *body, enum frame frame, bool start)
{
    if (frame == FRAME_BLOCK)
        return start || body->in_handler || body->frames.length == 0;
    return start && (frame != FRAME_FOR || body->frames.length > 0 || body->words == 1);
}

static void open_frame(struct body *body, const struct keyword *keyword, bool start)
{
    if (!opens_here(body, keyword->frame, start))
        return;
    buffer_append_char(&body->frames, (char)keyword->frame);
    body->in_handler = false;
    body->at_start = keyword->effect == EFFECT_OPEN_START;
}

static void close_frame(struct body *body, bool start)
{
    enum frame frame = top(body);

    if (frame == FRAME_CASE_VALUE) {
        body_close_frame(body);
    } else if (frame != 0 && (start || frame == FRAME_REPEAT)) {
        body_close_frame(body);
        body->after_end = true;
    }
}

static void apply(struct body *body, const struct keyword *keyword, bool start)
{
    bool in_head = body->frames.length == 0;

    switch (keyword->effect) {
    case EFFECT_OPEN:
    case EFFECT_OPEN_START:
        open_frame(body, keyword, start);
        break;
    case EFFECT_CASE:
        buffer_append_char(&body->frames, start ? FRAME_CASE : FRAME_CASE_VALUE);
        break;
    case EFFECT_END:
        close_frame(body, start);
        break;
    case EFFECT_THEN:
        body->at_start = !in_head && top(body) != FRAME_CASE_VALUE;
        break;
    case EFFECT_DO:
        body->at_start = !start && (in_head || top(body) == FRAME_WHILE || top(body) == FRAME_FOR);
        break;
    case EFFECT_ATOMIC:
        body->at_start = !in_head && token_is(&body->last, "NOT");
        break;
    case EFFECT_HANDLER:
        body->in_handler = !in_head;
        break;
    case EFFECT_HEAD:
        body->at_start = in_head;
        break;
    case EFFECT_SKIP:
        body->skip_name = in_head;
        break;
    case EFFECT_NONE:
        break;
    }
}

static bool is_name_part(const struct token *before)
{
    return token_is_symbol(before, '.') || token_is_symbol(before, '@');
}

static void feed_word(struct body *body, const struct token *word)
{
    bool start = body->at_start;
    bool after_end = body->after_end;

    body->at_start = body->skip_name;
    body->after_end = false;
    if (body->skip_name)
        body->skip_name = false;
    else if (!after_end && !is_name_part(&body->last))
        apply(body, find_keyword(word), start);
}

static void decide_first(struct body *body, const struct token *word)
{
    const struct keyword *keyword = find_keyword(word);

    if (token_is(word, "CREATE") || token_is(word, "ALTER")) {
        body->head = HEAD_CREATE;
    } else if (token_is(word, "BEGIN")) {
        body->head = HEAD_BEGIN;
    } else if (keyword->effect == EFFECT_OPEN || keyword->effect == EFFECT_OPEN_START ||
               keyword->effect == EFFECT_CASE) {
        body->head = HEAD_PROGRAM;
        apply(body, keyword, true);
    } else {
        body->head = HEAD_PLAIN;
    }
}

static void decide_object(struct body *body, const struct token *word)
{
    for (size_t i = 0; i < COUNT_OF(objects); i++) {
        if (token_is(word, objects[i].word))
            body->head = objects[i].head;
    }
    body->at_start = false;
}

/* BEGIN alone starts a transaction, BEGIN NOT ATOMIC a block. */
static void decide_begin(struct body *body, const struct token *word)
{
    body->head = HEAD_PLAIN;
    if (token_is(word, "NOT")) {
        body->head = HEAD_PROGRAM;
        buffer_append_char(&body->frames, FRAME_BLOCK);
    }
}

/* Inside an executable comment a ";" is a symbol, for it cannot end the statement. */
static void feed_symbol(struct body *body, const struct token *token)
{
    bool ends = token->kind == TOKEN_TERMINATOR || token_is_symbol(token, ';');
    bool ends_name = body->skip_name && token->kind == TOKEN_QUOTED;
    bool in_head = body->frames.length == 0;

    body->at_start = ends || ends_name || token_is_symbol(token, ':') ||
                     (in_head && token_is_symbol(token, ')'));
    body->after_end = false;
    if (ends)
        body->in_handler = false;
    if (ends_name)
        body->skip_name = false;
}

void body_feed_compound(struct body *body, const struct token *token)
{
    if (token->kind != TOKEN_WORD) {
        if (body->head == HEAD_PROGRAM)
            feed_symbol(body, token);
        return;
    }
    switch (body->head) {
    case HEAD_UNDECIDED:
        decide_first(body, token);
        break;
    case HEAD_CREATE:
        decide_object(body, token);
        break;
    case HEAD_BEGIN:
        decide_begin(body, token);
        break;
    case HEAD_PROGRAM:
        feed_word(body, token);
        break;
    case HEAD_PLAIN:
        break;
    }
}
