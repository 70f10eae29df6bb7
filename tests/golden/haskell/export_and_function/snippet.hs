-- ... existing code ...

module Depot.Report
  ( Row (..)
  , empty
  , render
  , total
  ) where

-- ... existing code ...

-- | The sum of all rows, in cents.
total :: [Row] -> Int
total rows = sum [rowCount row * rowPrice row | row <- rows]

-- | Whether nothing was sold.
empty :: [Row] -> Bool
empty rows = total rows == 0

-- ... existing code ...
