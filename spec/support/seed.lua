--- The seed of random schedules: $FES_SEED, or the time.
--
-- An example that uses the seed has it in its name, so that a failure can be
-- repeated. It begins with math.randomseed(seed), so that its schedule does not
-- depend on the examples before it.

return math.tointeger(os.getenv "FES_SEED") or os.time()
