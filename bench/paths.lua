-- wrk: ask for the paths of the file $BENCH_PATHS in turn, over and over.
local paths = {}
for line in io.lines(os.getenv("BENCH_PATHS")) do
    paths[#paths + 1] = line
end
local place = 0
request = function()
    place = place % #paths + 1
    return wrk.format("GET", paths[place])
end
