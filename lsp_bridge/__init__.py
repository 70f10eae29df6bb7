"""The merge in editors: a language server, `fastapply lsp`."""
