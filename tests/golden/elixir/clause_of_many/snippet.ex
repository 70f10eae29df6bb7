  # ... existing code ...

  @impl true
  def handle_call({:put, sku, count}, _from, state) when count >= 0 do
    case Repo.update_shelf(sku, count) do
      {:ok, shelf} ->
        {:reply, {:ok, shelf.count}, Map.put(state, sku, shelf.count)}

      # ... existing code ...
    end
  end
end
