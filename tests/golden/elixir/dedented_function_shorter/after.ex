defmodule Depot.Inventory do
  @moduledoc """
  Keeps the stock of every shelf in memory.
  """

  use GenServer

  require Logger

  alias Depot.Repo
  alias Depot.Shelf

  @timeout 5_000

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  def count(sku) do
    GenServer.call(__MODULE__, {:count, sku}, @timeout)
  end

  def put(sku, count) do
    GenServer.call(__MODULE__, {:put, sku, count}, @timeout)
  end

  @impl true
  def init(_opts) do
    {:ok, Repo.stock()}
  end

  @impl true
  def handle_call({:count, sku}, _from, state) do
    {:reply, Map.get(state, sku, 0), state}
  end

  @impl true
  def handle_call({:put, sku, count}, _from, state) do
    case Repo.update_shelf(sku, count) do
      {:ok, _shelf} ->
        {:reply, :ok, Map.put(state, sku, count)}

      {:error, reason} ->
        Logger.error("put #{sku} failed: #{inspect(reason)}")
        {:reply, {:error, reason}, state}
    end
  end
end
