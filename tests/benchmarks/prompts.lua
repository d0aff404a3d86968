-- What wrk sends: a chat request that asks something else each time, so that no cache answers it.
-- Arguments after the address: a seed, and how many different requests to make beforehand.
local words = {}
for word in string.gmatch([[
about above after again air all also always and animal answer any apple around ask away back
basket bean because before begin below between bird black blue boat book both bread bring brown
build but by call can car carry change city clean clear close cloud cold come corn count country
cut dark day deep door down draw drink dry each early earth east eat egg end enough even evening
every eye face fall family far farm fast father feet few field fire first fish five flower fly
follow food foot for forest four friend from fruit full garden give glass go gold good grass
]], "%a+") do
  words[#words + 1] = word
end

local threads, at, requests = {}, 0, {}
bad = 0 -- global: done() may ask a thread for nothing else

function setup(thread)
  threads[#threads + 1] = thread
end

local function body(number)
  local said = {}
  for place = 1, 24 do
    said[place] = words[math.random(#words)]
  end
  return string.format(
    '{"model":"gpt-4o-mini","messages":[' ..
    '{"role":"system","content":"You are a helpful assistant."},' ..
    '{"role":"user","content":"Question %d: %s?"}],"max_tokens":100}',
    number, table.concat(said, " "))
end

function init(arguments)
  math.randomseed(tonumber(arguments[1]))
  for number = 1, tonumber(arguments[2]) do
    -- 64 keys: a key's own rate limit should not be what is measured
    local headers = {
      ["Content-Type"] = "application/json",
      ["Authorization"] = "Bearer benchmark-" .. number % 64,
    }
    requests[number] = wrk.format("POST", "/v1/chat/completions", headers, body(number))
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function response(status, _, text)
  if status ~= 200 or not string.find(text, '"choices"', 1, true) then
    bad = bad + 1
  end
end

function done(summary, latency, _)
  local wrong, errors = 0, summary.errors
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("bad")
  end
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"wrong":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, wrong, broken,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
