#include "orchestrator/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/text.h"

enum { DEFAULT_WIDTH = 80 };

static bool can_color(int fd, const char *color)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (strcmp(color, "always") == 0)
        return true;
    if (strcmp(color, "never") == 0 || (no_color != NULL && no_color[0] != '\0'))
        return false;
    return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

static int width_of(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return DEFAULT_WIDTH;
}

struct terminal terminal_detect(const char *color, bool verbose)
{
    const char *term = getenv("TERM");
    bool dumb = term == NULL || strcmp(term, "dumb") == 0;

    return (struct terminal){
        .out = stdout,
        .messages = stderr,
        .color_out = can_color(STDOUT_FILENO, color),
        .color_messages = can_color(STDERR_FILENO, color),
        .live = isatty(STDERR_FILENO) && !dumb,
        .interactive = isatty(STDIN_FILENO) && isatty(STDERR_FILENO),
        .verbose = verbose,
        .width = width_of(STDERR_FILENO),
    };
}

const char *terminal_style(bool color, enum style style)
{
    static const char *const escapes[] = {
        [STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
        [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m", [STYLE_WARN] = "\033[33m",
        [STYLE_NAME] = "\033[36m",
    };

    return color ? escapes[style] : "";
}

bool terminal_confirm(const struct terminal *terminal, const char *question)
{
    char answer[16];

    fprintf(terminal->messages, "%s [y/N] ", question);
    fflush(terminal->messages);
    if (fgets(answer, sizeof answer, stdin) == NULL)
        return false;
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}

void terminal_put_untrusted(FILE *stream, const char *text, bool keep_newlines)
{
    AUTO_BUFFER struct buffer safe = {0};

    text_append_escaped(&safe, text, strlen(text), keep_newlines);
    fputs(buffer_text(&safe), stream);
}
