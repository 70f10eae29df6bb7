-- ... existing code ...
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
