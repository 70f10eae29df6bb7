def init(_opts) do
  {:ok, Repo.stock()}
end
