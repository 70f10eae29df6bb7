cents :: Int -> Text
cents amount
  | amount < 0 = "-" <> cents (negate amount)
  | otherwise = Text.pack (show whole) <> "." <> Text.justifyRight 2 '0' (Text.pack (show rest))
  where
    (whole, rest) = amount `divMod` 100
