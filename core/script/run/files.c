#include "script/run/files.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/command/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Whoever saves several files gets one reload. */
#define QUIET (100 * CLOCK_MILLI)

enum {
    CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO,
    EVENT_BYTES = 4096,
    FIRST_ROOM = 16
};

struct file {
    int directory; /* as inotify numbers it */
    char *name;    /* in that directory */
};

struct files {
    struct program *program;
    struct watch watch; /* of inotify's descriptor */
    struct timer quiet;
    struct file *list;
    size_t count;
    size_t room;
};

static const struct file *find(const struct files *files, int directory,
                               const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].directory == directory &&
            strcmp(files->list[i].name, name) == 0)
            return &files->list[i];
    return NULL;
}

/* ------------------------------------------------------------------ changes */

static void on_quiet(struct timer *timer)
{
    struct files *files = link_owner(timer, struct files, quiet);

    log_info("the script has changed");
    files->program->reload_asked = true;
    loop_poll_at_once(engine_loop(files->program->engine));
}

static void on_event(struct files *files, const struct inotify_event *event)
{
    if (event->len > 0 && find(files, event->wd, event->name) != NULL)
        timer_start(engine_loop(files->program->engine), &files->quiet,
                    clock_now() + QUIET);
}

static void on_readable(struct watch *watch, unsigned events)
{
    struct files *files = link_owner(watch, struct files, watch);
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    ssize_t length = read(watch_fd(watch), bytes, sizeof bytes);

    (void)events;
    for (ssize_t at = 0; at < length;) {
        const struct inotify_event *event = (const void *)(bytes + at);

        on_event(files, event);
        at += (ssize_t)(sizeof *event + event->len);
    }
}

/* ------------------------------------------------------------------- noting */

static bool add(struct files *files, int directory, const char *name)
{
    if (files->count == files->room) {
        size_t room = files->room > 0 ? 2 * files->room : FIRST_ROOM;
        struct file *more = realloc(files->list, room * sizeof *more);

        if (more == NULL)
            return false;
        files->list = more;
        files->room = room;
    }
    files->list[files->count] = (struct file){directory, strdup(name)};
    if (files->list[files->count].name == NULL)
        return false;
    files->count++;
    return true;
}

/* False, with errno set: the system refuses. */
static bool note(struct files *files, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *in =
        slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    const char *name = slash != NULL ? slash + 1 : path;
    int directory;

    if (in == NULL)
        return false;
    directory = inotify_add_watch(watch_fd(&files->watch), in, CHANGES);
    free(in);
    if (directory < 0)
        return false;
    return find(files, directory, name) != NULL || add(files, directory, name);
}

/* Of a link, what it leads to is noted too. */
static bool note_target(struct files *files, const char *path)
{
    char *target = realpath(path, NULL);
    bool fine =
        target != NULL && (strcmp(target, path) == 0 || note(files, target));

    free(target);
    return fine;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* Links may lead elsewhere each time. */
static void note_both(struct program *program, const char *path)
{
    if (!note(program->files, path) || !note_target(program->files, path))
        log_warn("changes of %s will not be seen: %s", path, strerror(errno));
}

void files_note(struct program *program, const char *path)
{
    if (program->files != NULL && is_below(path, program->directory))
        note_both(program, path);
}

void files_note_script(struct program *program)
{
    if (program->files != NULL && program->config->file != NULL)
        note_both(program, program->config->file);
}

/* -------------------------------------------------------- beginning and end */

bool files_begin(struct program *program)
{
    struct files *files = calloc(1, sizeof *files);
    int fd = files != NULL ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;

    if (fd < 0) {
        free(files);
        return false;
    }
    files->program = program;
    program->files = files;
    watch_init(&files->watch, fd, on_readable);
    timer_init(&files->quiet, on_quiet);
    watch_set(engine_loop(program->engine), &files->watch, LOOP_READ);
    return program->config->file == NULL || note(files, program->config->file);
}

void files_free(struct program *program)
{
    struct files *files = program->files;

    if (files == NULL)
        return;
    watch_set(engine_loop(program->engine), &files->watch, 0);
    timer_stop(engine_loop(program->engine), &files->quiet);
    close(watch_fd(&files->watch));
    for (size_t i = 0; i < files->count; i++)
        free(files->list[i].name);
    free(files->list);
    free(files);
    program->files = NULL;
}
