import * as React from "react";
import { cx } from "../cx";
import { useHotkey } from "../hooks/useHotkey";
import { useToggle } from "../hooks/useToggle";

// ...

  const [open, toggle] = useToggle(false);

  useHotkey("Escape", toggle, { enabled: open });

  const handleRemove = React.useCallback(() => {
    // ...
