# frozen_string_literal: true

require "set"

module Courier
  # Splits a day's stops among the vans.
  class Planner
    Van = Struct.new(:name, :capacity, :stops)

    def initialize(vans)
      @vans = vans.map { |name, capacity| Van.new(name, capacity, []) }
      @seen = Set.new
    end

    def add(stop)
      return false if @seen.include?(stop.id)

      van = best_for(stop)
      return false unless van

      van.stops << stop
      @seen << stop.id
      true
    end

    def report
      @vans.map do |van|
        "#{van.name}: #{van.stops.size} stops"
      end
    end

    private

    def best_for(stop)
      @vans
        .select { |van| free(van) >= stop.load }
        .max_by { |van| free(van) }
    end

    def free(van)
      van.capacity - van.stops.sum(&:load)
    end
  end
end
