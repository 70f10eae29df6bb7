// ... existing code ...

object Planner {
  def parse(line: String): Try[Stop] = Try {
    line.split(",").map(_.trim) match {
      case Array(name, load) => Stop(name, load.toInt)
      case _ => throw new IllegalArgumentException(s"bad line: $line")
    }
  }

  // ... existing code ...
}
