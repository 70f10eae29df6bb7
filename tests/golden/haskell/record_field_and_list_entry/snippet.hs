-- ... existing code ...
  , rowCount :: Int
  , rowPrice :: Int
  , rowUnit :: Text
  }
  deriving (Eq, Ord, Show)
-- ... existing code ...
    [ rowName row
    , Text.pack (show (rowCount row)) <> " " <> rowUnit row
    , cents (rowPrice row)
    ]
-- ... existing code ...
