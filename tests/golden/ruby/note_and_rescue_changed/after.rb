# frozen_string_literal: true

require "json"
require "net/http"
require "uri"

module Courier
  class Error < StandardError; end

  class Client
    RETRIES = 3

    attr_reader :host, :token

    def initialize(host, token:)
      @host = host
      @token = token
    end

    def parcel(id)
      get("/parcels/#{id}")
    end

    def parcels(status: nil)
      path = "/parcels"
      path += "?status=#{status}" if status
      get(path)
    end

    def create(attributes)
      post("/parcels", attributes)
    end

    private

    def get(path)
      request(Net::HTTP::Get.new(path))
    end

    def post(path, body)
      message = Net::HTTP::Post.new(path)
      message["content-type"] = "application/json"
      message.body = JSON.generate(body)
      request(message)
    end

    def request(message)
      message["authorization"] = "Bearer #{token}"
      attempts = 0
      begin
        response = Net::HTTP.start(host, 443, use_ssl: true) do |http|
          http.request(message)
        end
        raise Error, response.body unless response.is_a?(Net::HTTPSuccess)

        JSON.parse(response.body)
      rescue Net::OpenTimeout, Net::ReadTimeout, Errno::ECONNRESET
        attempts += 1
        if attempts < RETRIES
          sleep(0.2 * attempts)
          retry
        end
        raise
      end
    end
  end
end
