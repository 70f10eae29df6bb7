"""What an agent's tools need of the workspace: for now, writing files."""
