std = "lua54"
max_line_length = 80
exclude_files = { "build" }
files["spec"] = { std = "lua54+busted" }
