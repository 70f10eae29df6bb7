"""Tools for agents: what they are, what they do, and the workspace whose files they write."""
