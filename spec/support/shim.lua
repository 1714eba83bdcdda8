--- Preload faults.c, which makes system calls fail, into a program.
--
--     asked.start(shim.code .. [[ ... ]], { env = shim.env })
--
-- The script then has the global `faults`.

local path = os.getenv "FES_BUILD" .. "/spec/support/faults.so"

return {
  env = { LD_PRELOAD = path },
  code = ("faults = package.loadlib(%q, 'luaopen_spec_support_faults')()\n")
    :format(path),
}
