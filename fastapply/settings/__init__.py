"""The settings of the service: what there is, and where each value comes from."""
