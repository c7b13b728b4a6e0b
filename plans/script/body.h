/*
 * body - whether a ";" ends the statement or stands inside a body that it is part of.
 *
 * Fed the tokens of one statement, comments left out. Only the frame of a body is followed, never
 * its SQL: what is wrong in it is for the server to say.
 */
#ifndef FLEET_PLANS_SCRIPT_BODY_H
#define FLEET_PLANS_SCRIPT_BODY_H

#include "common/buffer.h"
#include "plans/script/lexer.h"

/* What kind of statement the first words make it. */
enum body_head { HEAD_UNDECIDED, HEAD_CREATE, HEAD_BEGIN, HEAD_PROGRAM, HEAD_PLAIN };

struct body {
    enum body_rules rules;
    enum body_head head;
    size_t words;         /* seen so far */
    struct buffer frames; /* open BEGIN, IF, CASE …, one byte each */
    size_t parentheses;   /* open ones, where the rules count them */
    struct token last;    /* the token before; kind TOKEN_END at the beginning */
    bool at_start;        /* BODY_COMPOUND: a statement of the body may begin here */
    bool after_end;       /* BODY_COMPOUND: the last word was an END that closed a frame */
    bool in_handler;      /* BODY_COMPOUND: in DECLARE … HANDLER FOR …, whose body comes last */
    bool skip_name;       /* BODY_COMPOUND: FOLLOWS or PRECEDES came, a name follows */
    bool ended;           /* BODY_TRIGGER: "; END" was the last thing */
};

void body_start(struct body *body, enum body_rules rules);
void body_free(struct body *body);

/* Makes ready for the next statement. */
void body_reset(struct body *body);

void body_feed(struct body *body, const struct token *token);

/* Whether a ";" that comes next belongs to the statement. */
bool body_is_open(const struct body *body);

/* What is missing when the script ends while the body is open. */
const char *body_missing(const struct body *body);

/* For the rules themselves: drops the innermost frame, which must be there. */
void body_close_frame(struct body *body);

/* The rules of BODY_COMPOUND, in body_compound.c. */
void body_feed_compound(struct body *body, const struct token *token);

#endif
