def parcels(status: nil, page: 1)
  query = URI.encode_www_form({ status: status, page: page }.compact)
  get("/parcels?#{query}")
end
