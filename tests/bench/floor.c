/*
 * floor - the least that one migration on many databases can cost: a held connection for each, and
 * BEGIN, ALTER, INSERT of the version, COMMIT, eight databases at a time. No history, no checks.
 *
 *   floor ENGINE COLUMN < urls      prints the seconds between the first and the last statement
 *
 * ENGINE is sqlite (a path a line), postgresql (a conninfo a line) or mysql (socket, user and
 * database separated by tabs).
 */
#include <libpq-fe.h>
#include <mysql.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORKERS = 8, MOST = 10000 };

/* One engine: connect to a line of the input, run one statement. */
struct driver {
    const char *name;
    void *(*connect)(char *line);
    bool (*run)(void *connection, const char *sql);
};

static void *connect_sqlite(char *line)
{
    sqlite3 *handle = NULL;

    if (sqlite3_open(line, &handle) != SQLITE_OK)
        return NULL;
    return handle;
}

static bool run_sqlite(void *connection, const char *sql)
{
    return sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void *connect_postgresql(char *line)
{
    PGconn *connection = PQconnectdb(line);

    return PQstatus(connection) == CONNECTION_OK ? connection : NULL;
}

static bool run_postgresql(void *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    PQclear(result);
    return ok;
}

static void *connect_mysql(char *line)
{
    const char *socket_path = strtok(line, "\t");
    const char *user = strtok(NULL, "\t");
    const char *database = strtok(NULL, "\t");
    MYSQL *connection = mysql_init(NULL);

    return mysql_real_connect(connection, NULL, user, NULL, database, 0, socket_path, 0);
}

static bool run_mysql(void *connection, const char *sql)
{
    return mysql_query(connection, sql) == 0;
}

static const struct driver drivers[] = {
    {"sqlite", connect_sqlite, run_sqlite},
    {"postgresql", connect_postgresql, run_postgresql},
    {"mysql", connect_mysql, run_mysql},
};

struct work {
    const struct driver *driver;
    void **connections;
    size_t count;
    size_t next;
    pthread_mutex_t lock;
    char statements[4][256];
    bool failed;
};

static bool take(struct work *work, size_t *index)
{
    pthread_mutex_lock(&work->lock);
    *index = work->next++;
    pthread_mutex_unlock(&work->lock);
    return *index < work->count;
}

static void *migrate(void *context)
{
    struct work *work = context;
    size_t index;

    while (take(work, &index))
        for (int i = 0; i < 4; i++)
            if (!work->driver->run(work->connections[index], work->statements[i]))
                work->failed = true;
    return NULL;
}

static void connect_all(struct work *work)
{
    char line[1024];

    work->connections = calloc(MOST, sizeof *work->connections);
    while (work->connections != NULL && work->count < MOST &&
           fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        void *connection = work->driver->connect(line);
        if (connection == NULL) {
            fprintf(stderr, "floor: cannot connect to database %zu\n", work->count);
            exit(1);
        }
        work->connections[work->count++] = connection;
    }
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct work work = {.lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[WORKERS];

    for (size_t i = 0; argc == 3 && i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(drivers[i].name, argv[1]) == 0)
            work.driver = &drivers[i];
    if (work.driver == NULL) {
        fputs("usage: floor sqlite|postgresql|mysql COLUMN < databases\n", stderr);
        return 2;
    }
    snprintf(work.statements[0], sizeof work.statements[0], "BEGIN");
    snprintf(work.statements[1], sizeof work.statements[1],
             "ALTER TABLE item ADD COLUMN %s INTEGER", argv[2]);
    snprintf(work.statements[2], sizeof work.statements[2],
             "INSERT INTO floor_version VALUES ('%s')", argv[2]);
    snprintf(work.statements[3], sizeof work.statements[3], "COMMIT");
    connect_all(&work);
    double began = now();
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, migrate, &work);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    printf("%.6f\n", now() - began);
    return work.failed ? 1 : 0;
}
