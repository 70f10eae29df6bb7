# ... existing code ...

  def put(sku, count) do
    GenServer.call(__MODULE__, {:put, sku, count}, @timeout)
  end

  def drop(sku) do
    GenServer.cast(__MODULE__, {:drop, sku})
  end

  @impl true
  def init(_opts) do
# ... existing code ...
        {:reply, {:error, reason}, state}
    end
  end

  @impl true
  def handle_cast({:drop, sku}, state) do
    {:noreply, Map.delete(state, sku)}
  end
end
