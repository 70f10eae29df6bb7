-- FastApply in Neovim 0.7 or later: starts `fastapply lsp` for every buffer that can be edited.
--
--   require("fastapply").setup({ cmd = { "fastapply", "lsp" } })
--
-- Then paste a snippet, select it with V, and ask for code actions.

local M = {}

local defaults = {
  cmd = { "fastapply", "lsp" },
  -- as in lsp_bridge/README.md: onDoubt, ask, diagnostics, warmUp
  init_options = {},
  -- the folder whose files may be edited: that of the repository, else the current one
  root = function(name)
    local above = vim.fn.finddir(".git", vim.fn.fnamemodify(name, ":p:h") .. ";")
    return above ~= "" and vim.fn.fnamemodify(above, ":p:h:h") or vim.fn.getcwd()
  end,
}

local clients = {}

local function attach(options, buffer)
  if vim.bo[buffer].buftype ~= "" or not vim.bo[buffer].modifiable then
    return
  end
  local root = options.root(vim.api.nvim_buf_get_name(buffer))
  if not clients[root] or not vim.lsp.get_client_by_id(clients[root]) then
    clients[root] = vim.lsp.start_client({
      name = "fastapply",
      cmd = options.cmd,
      root_dir = root,
      init_options = options.init_options,
    })
  end
  if clients[root] then
    vim.lsp.buf_attach_client(buffer, clients[root])
  end
end

function M.setup(given)
  local options = vim.tbl_extend("force", defaults, given or {})
  local group = vim.api.nvim_create_augroup("fastapply", { clear = true })
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "FileType" }, {
    group = group,
    callback = function(event)
      attach(options, event.buf)
    end,
  })
end

return M
