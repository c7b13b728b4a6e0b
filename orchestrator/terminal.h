/*
 * terminal - what the place that output goes to can do: colours, width, being redrawn.
 *
 * Colour only on a terminal, and not when NO_COLOR is set (no-color.org) or TERM is dumb;
 * --color=always|never decides otherwise. In a pipe everything is plain lines.
 */
#ifndef FLEET_ORCHESTRATOR_TERMINAL_H
#define FLEET_ORCHESTRATOR_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct terminal {
    FILE *out;      /* results */
    FILE *messages; /* errors, progress */
    bool color_out;
    bool color_messages;
    bool live;        /* progress may be redrawn: messages is a terminal */
    bool interactive; /* a question can be asked: standard input and messages are terminals */
    bool verbose;
    int width; /* columns of messages */
};

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD, STYLE_WARN, STYLE_NAME };

/* color is "auto", "always" or "never". */
struct terminal terminal_detect(const char *color, bool verbose);

/* The escape that begins a style, or "" when colours are off; STYLE_PLAIN ends one. */
const char *terminal_style(bool color, enum style style);

/* Asks on the messages stream; true for "y" or "yes". */
bool terminal_confirm(const struct terminal *terminal, const char *question);

/* Writes text that came from outside: controls are escaped. */
void terminal_put_untrusted(FILE *stream, const char *text, bool keep_newlines);

#endif
