-- Posts what it is given again and again, and says at the end how that went, as JSON.
-- Arguments: MODE FILE [ANSWERS]. MODE single: each line of FILE is a body; batch: FILE is the body.
-- ANSWERS has every line that may be answered: any other is counted as wrong. In a batch, lines under two sets of rules are
-- wrong as well.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   local mode, file, answers = args[1], args[2], args[3]
   wrong, example = 0, ""
   bodies, at = {}, 0
   if mode == "batch" then
      bodies[1] = wrk.format("POST", "/v1/batch", nil, io.open(file):read("*a"))
   else
      for line in io.lines(file) do
         bodies[#bodies + 1] = wrk.format("POST", "/v1/decide", nil, line)
      end
   end
   if answers == nil then return end
   local known, first = {}, ""
   for line in io.lines(answers) do known[line] = line:match('"rules":"(%x+)"') end
   local function judge(hash, line)
      if hash ~= nil then return end
      wrong = wrong + 1
      if example == "" then example = line end
   end
   response = function(status, _, body)
      if status ~= 200 then return judge(nil, tostring(status) .. " " .. body) end
      if mode == "single" then
         local line = body:gsub('^{"schema":1,', "{")
         return judge(known[line], body)
      end
      local only = nil
      for line in body:gmatch("[^\n]+") do
         local hash = known[line]
         only = only or hash
         judge(hash == only and hash or nil, line)
      end
   end
end

function request()
   at = at % #bodies + 1
   return bodies[at]
end

function done(summary, latency)
   local wrong, example = 0, ""
   for _, thread in ipairs(threads) do
      wrong = wrong + thread:get("wrong")
      if example == "" then example = thread:get("example") end
   end
   local e = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failed": %d, "wrong": %d, "example": %q}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      e.connect + e.read + e.write + e.status + e.timeout, wrong, example))
end
