#include "script/run/files.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/command/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Files that are saved within this time of each other cause one reload. */
#define QUIET (100 * CLOCK_MILLI)

enum {
    CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO,
    EVENT_BYTES = 4096,
    FIRST_CAPACITY = 16
};

struct file {
    int directory; /* its watch descriptor of inotify */
    char *name;    /* in that directory */
};

struct files {
    struct program *program;
    struct watch watch; /* the inotify instance */
    struct timer quiet; /* fires QUIET after the last change */
    struct file *list;
    size_t count;
    size_t capacity;
};

static const struct file *find_file(const struct files *files, int directory,
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

    log_info("the script's files have changed: reloading");
    files->program->reload_asked = true;
    loop_poll_at_once(engine_loop(files->program->engine));
}

static void on_event(struct files *files, const struct inotify_event *event)
{
    if (event->len > 0 && find_file(files, event->wd, event->name) != NULL)
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

static bool add_file(struct files *files, int directory, const char *name)
{
    if (files->count == files->capacity) {
        size_t capacity =
            files->capacity > 0 ? 2 * files->capacity : FIRST_CAPACITY;
        struct file *more = realloc(files->list, capacity * sizeof *more);

        if (more == NULL)
            return false;
        files->list = more;
        files->capacity = capacity;
    }
    files->list[files->count] = (struct file){directory, strdup(name)};
    if (files->list[files->count].name == NULL)
        return false;
    files->count++;
    return true;
}

/* Watch the directory of `path`, and note its name. False, with errno set: the
 * system refuses. */
static bool note_path(struct files *files, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent =
        slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    const char *name = slash != NULL ? slash + 1 : path;
    int directory;

    if (parent == NULL)
        return false;
    directory = inotify_add_watch(watch_fd(&files->watch), parent, CHANGES);
    free(parent);
    if (directory < 0)
        return false;
    return find_file(files, directory, name) != NULL ||
           add_file(files, directory, name);
}

/* If the path contains symbolic links, note the file that they lead to. */
static bool note_target(struct files *files, const char *path)
{
    char *target = realpath(path, NULL);
    bool fine = target != NULL &&
                (strcmp(target, path) == 0 || note_path(files, target));

    free(target);
    return fine;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* Both at each load: a link may lead to another file by now. */
static void note_both(struct program *program, const char *path)
{
    if (!note_path(program->files, path) || !note_target(program->files, path))
        log_warn("cannot watch %s for changes: %s", path, strerror(errno));
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
    return program->config->file == NULL ||
           note_path(files, program->config->file);
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
