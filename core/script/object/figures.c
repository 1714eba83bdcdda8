#include "script/object/figures.h"

#include "net/command/server.h"
#include "script/vm/script.h"

#define SET_COUNTER(name) script_set_count(L, #name, stats->counters.name);
#define SET_GAUGE(name)   script_set_count(L, #name, stats->name);

#define SET_ARRAY(name, kinds, kind_name)                                     \
    lua_createtable(L, 0, kinds);                                             \
    for (int i = 0; i < (kinds); i++)                                         \
        script_set_count(L, kind_name((unsigned)i), stats->counters.name[i]); \
    lua_setfield(L, -2, #name);

void figures_set(lua_State *L, const struct server_stats *stats)
{
    COUNTERS(SET_COUNTER)
    GAUGES(SET_GAUGE)
    COUNTER_ARRAYS(SET_ARRAY)
}
