#include "script/boot/program.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/command/engine.h"
#include "net/io/notify.h"
#include "script/boot/boot.h"
#include "script/object/timer.h"
#include "script/reload/reload.h"
#include "script/run/announce.h"
#include "script/run/collector.h"
#include "script/run/dispatch.h"
#include "script/run/files.h"
#include "script/run/load.h"
#include "script/run/stopping.h"
#include "script/task/tasks.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    DESCRIPTORS_RESERVED = 32, /* for listeners, the log, the script's files */
    FEW_CONNECTIONS = 64       /* if the limit of descriptors is unknown */
};

/* ------------------------------------------------------------------ signals */

static struct program *program_of(void *owner)
{
    return engine_script(owner);
}

static void on_stop_signal(void *owner, int number)
{
    struct program *program = program_of(owner);

    loop_default_signal(engine_loop(program->engine), SIGINT);
    loop_default_signal(engine_loop(program->engine), SIGTERM);
    log_info("%s", strsignal(number));
    stopping_request(program->script, 0);
}

static void on_reload_signal(void *owner, int number)
{
    log_info("%s", strsignal(number));
    reload_request(program_of(owner));
}

static void on_sigpipe(int number)
{
    (void)number; /* write(2) fails with EPIPE, which is enough */
}

/*
 * The server must go on when the reader of a pipe that it writes to goes away.
 * A handler instead of SIG_IGN, because child processes would inherit SIG_IGN.
 */
static void survive_sigpipe(void)
{
    struct sigaction action = {.sa_flags = SA_RESTART};

    action.sa_handler = on_sigpipe;
    sigaction(SIGPIPE, &action, NULL);
}

/* ------------------------------------------------------------------ running */

/* Is there anything left to wait for? A script that stops does not wait for
 * timers and tasks. */
static bool has_work(const struct script *script)
{
    if (!script->stopping.begun &&
        (timer_count(script) > 0 || tasks_in_use(script)))
        return true;
    return engine_is_in_use(script->engine);
}

/* Called by the engine at the end of each turn. Ends the loop when there is
 * nothing left to wait for. */
static void on_turn_end(void *owner)
{
    struct program *program = owner;
    struct script *script = program->script;

    tasks_run(script);
    stopping_run(script);
    reload_run(program);
    script = program->script;
    announce_growth(script);
    collector_begin_if_due(script);
    if (!script->ready || has_work(script))
        return;
    if (!script->stopping.begun)
        log_info("no listener, connection, timer or task is left: exiting");
    loop_stop(engine_loop(program->engine));
}

/* Equal errors are left out of the log for a while, and reported here. */
static void on_catch_up(struct timer *timer)
{
    struct program *program = link_owner(timer, struct program, catch_up);
    uint64_t next = log_catch_up();

    if (next != CLOCK_FAR_AWAY)
        timer_start(engine_loop(program->engine), timer, next);
}

/* Raise the limit of descriptors to the most that the system allows. Returns
 * the number of connections that this is enough for. */
static uint32_t raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FEW_CONNECTIONS;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur <= DESCRIPTORS_RESERVED)
        return 1;
    if (limit.rlim_cur - DESCRIPTORS_RESERVED > CONN_MOST / 2)
        return CONN_MOST / 2;
    return (uint32_t)(limit.rlim_cur - DESCRIPTORS_RESERVED);
}

static bool begin(struct program *program)
{
    struct events events = dispatch_events();

    timer_init(&program->catch_up, on_catch_up);
    program->engine =
        engine_new(raise_descriptor_limit(), &events, on_turn_end, program);
    if (program->engine == NULL) {
        fprintf(stderr, "fes: cannot start: %s\n", strerror(errno));
        return false;
    }
    program->new_script = boot_new_script;
    program->script = boot_new_script(program);
    if (program->script == NULL) {
        fprintf(stderr, "fes: cannot start: %s\n", strerror(ENOMEM));
        engine_free(program->engine);
        return false;
    }
    return true;
}

/* False: the system refuses; the error is on stderr. */
static bool watch_files(struct program *program)
{
    if (!program->config->watch || files_begin(program))
        return true;
    fprintf(stderr, "fes: cannot watch the script: %s\n", strerror(errno));
    return false;
}

/* False: the script failed to load; the error is on stderr. SIGHUP is handled
 * from before loading on, since its default action would end the process. */
static bool load_first(struct program *program)
{
    struct failure failure;

    if (!program->config->check)
        loop_on_signal(engine_loop(program->engine), SIGHUP, on_reload_signal);
    if (load_script(program->script, NULL, &failure))
        return true;
    fprintf(stderr, "fes: %s\n", failure.message);
    if (*failure.trace != '\0')
        fprintf(stderr, "%s\n", failure.trace);
    call_free_failure(&failure);
    return false;
}

static void run(struct program *program)
{
    struct engine *engine = program->engine;
    struct loop *loop = engine_loop(engine);

    loop_on_first_signal(loop, SIGINT, on_stop_signal);
    loop_on_first_signal(loop, SIGTERM, on_stop_signal);
    announce_servers(program->script);
    engine_warn_unused(engine);
    limits_enforce(&program->script->limits, program->engine);
    program->script->ready = true;
    loop_poll_at_once(loop);
    notify_ready(&program->notify, loop);
    loop_run(loop);
}

int program_main(const struct script_config *config)
{
    struct program program = {.config = config};
    char *path = strdup(config->file != NULL ? config->file : "");
    int status = 1;

    if (path == NULL)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    survive_sigpipe();
    program.directory = dirname(path);
    if (begin(&program)) {
        if (watch_files(&program) && load_first(&program)) {
            if (!config->check)
                run(&program);
            status = 0;
        }
        log_finish();
        load_end(program.script); /* first: finalizers may use the engine */
        files_free(&program);
        engine_free(program.engine);
    }
    free(path);
    return status;
}
