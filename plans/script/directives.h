/*
 * directives - "-- fleet: …" comments of a script.
 *
 * Fed every comment in the order of the script. One table row per directive says what it takes,
 * where it may stand and how often; docs/migrations.md lists them for people.
 */
#ifndef FLEET_PLANS_SCRIPT_DIRECTIVES_H
#define FLEET_PLANS_SCRIPT_DIRECTIVES_H

#include "common/buffer.h"
#include "plans/script.h"
#include "plans/script/lexer.h"

enum directive_place { PLACE_TOP, PLACE_BETWEEN, PLACE_INSIDE };

struct directive_reader {
    struct arena *arena;
    const char *file;
    struct diagnostics *faults;
    struct directives directives;
    unsigned seen; /* a bit for each row of the table */
    int line;      /* of the directive that is being read */
    int undoes;    /* not yet taken; 0 if none */
    int undoes_line;
    struct buffer query; /* of a check or a probe; further lines may continue it */
    int query_line;      /* where it begins; 0 if none is open */
    int query_last_line;
    bool query_is_probe;
    const char *probe; /* not yet taken; NULL if none */
    int probe_line;
};

void directive_reader_start(struct directive_reader *reader, struct arena *arena, const char *file,
                            struct diagnostics *faults);
void directive_reader_free(struct directive_reader *reader);

void directive_comment(struct directive_reader *reader, const struct token *comment,
                       enum directive_place place);

/* The number of an "undoes" that waits for its statement, once; 0 if none does. */
int directive_take_undoes(struct directive_reader *reader);
/* The query of a "probe" that waits for its statement, once; NULL if none does. */
const char *directive_take_probe(struct directive_reader *reader);

/* After the last token. */
void directive_reader_end(struct directive_reader *reader);

#endif
