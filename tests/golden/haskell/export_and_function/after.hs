{-# LANGUAGE OverloadedStrings #-}

module Depot.Report
  ( Row (..)
  , empty
  , render
  , total
  ) where

import Data.List (sortOn)
import qualified Data.Map.Strict as Map
import Data.Text (Text)
import qualified Data.Text as Text

-- | One line of the report.
data Row = Row
  { rowName :: Text
  , rowCount :: Int
  , rowPrice :: Int
  }
  deriving (Eq, Show)

-- | The sum of all rows, in cents.
total :: [Row] -> Int
total rows = sum [rowCount row * rowPrice row | row <- rows]

-- | Whether nothing was sold.
empty :: [Row] -> Bool
empty rows = total rows == 0

byName :: [Row] -> [Row]
byName = sortOn rowName

group :: [Row] -> Map.Map Text Int
group rows = Map.fromListWith (+) [(rowName row, rowCount row) | row <- rows]

cents :: Int -> Text
cents amount = Text.pack (show whole) <> "." <> Text.justifyRight 2 '0' (Text.pack (show rest))
  where
    (whole, rest) = amount `divMod` 100

line :: Row -> Text
line row =
  Text.intercalate
    "\t"
    [ rowName row
    , Text.pack (show (rowCount row))
    , cents (rowPrice row)
    ]

-- | The report as text, sorted by name.
render :: [Row] -> Text
render rows = Text.unlines (map line (byName rows) ++ ["total\t" <> cents (total rows)])
