local json = require("json")
local socket = require("socket")

local M = {}

local DEFAULT_PORT = 7070
local handlers = {}

--- Register a handler for a message type.
function M.on(kind, handler)
  if handlers[kind] then
    error("handler for " .. kind .. " is already there")
  end
  handlers[kind] = handler
end

--- Forget the handler of a message type.
function M.off(kind)
  handlers[kind] = nil
end

local function decode(line)
  local ok, message = pcall(json.decode, line)
  if not ok then
    return nil, "bad json"
  end
  if type(message) ~= "table" then
    return nil, "not an object"
  end
  return message
end

local function dispatch(client, message)
  local handler = handlers[message.kind]
  if not handler then
    client:send(json.encode({ error = "unknown kind" }) .. "\n")
    return
  end
  local reply = handler(message)
  if reply then
    client:send(json.encode(reply) .. "\n")
  end
end

local function serve(client)
  while true do
    local line, err = client:receive("*l")
    if not line then
      return err
    end
    local message, problem = decode(line)
    if message then
      dispatch(client, message)
    else
      client:send(json.encode({ error = problem }) .. "\n")
    end
  end
end

function M.run(port)
  local server = assert(socket.bind("*", port or DEFAULT_PORT))
  while true do
    local client = server:accept()
    client:settimeout(30)
    serve(client)
    client:close()
  end
end

--- The kinds that have a handler, sorted.
function M.kinds()
  local names = {}
  for kind in pairs(handlers) do
    names[#names + 1] = kind
  end
  table.sort(names)
  return names
end

return M
