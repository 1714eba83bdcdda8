--- The seed of random schedules: another one in each run, or FES_SEED.
--
-- An example that uses it names it, so that a failure can be repeated, and
-- begins with math.randomseed(seed), so that it needs none before it.

return math.tointeger(os.getenv "FES_SEED") or os.time()
