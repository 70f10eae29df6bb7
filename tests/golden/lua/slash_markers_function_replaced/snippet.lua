// ... existing code ...

local function dispatch(client, message)
  local handler = handlers[message.kind]
  if not handler then
    client:send(json.encode({ error = "unknown kind", kind = message.kind }) .. "\n")
    return
  end
  local ok, reply = pcall(handler, message)
  if not ok then
    reply = { error = tostring(reply) }
  end
  if reply then
    client:send(json.encode(reply) .. "\n")
  end
end

// ... existing code ...
