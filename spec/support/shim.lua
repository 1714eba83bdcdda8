--- How a program comes to the faults of faults.c.
--
--     asked.start(shim.code .. [[ ... ]], { env = shim.env })
--
-- Then the script has the global `faults`.

local path = os.getenv "FES_BUILD" .. "/spec/support/faults.so"

return {
  env = { LD_PRELOAD = path },
  code = ("faults = package.loadlib(%q, 'luaopen_spec_support_faults')()\n")
    :format(path),
}
