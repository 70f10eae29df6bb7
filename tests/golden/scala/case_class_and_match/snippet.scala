// ... existing code ...

case class Van(capacity: Int) extends Vehicle
case class Bike(capacity: Int) extends Vehicle
case class Truck(capacity: Int, trailer: Boolean) extends Vehicle

// ... existing code ...

  def describe(vehicle: Vehicle): String = vehicle match {
    // ... existing cases ...
    case Truck(capacity, false) =>
      s"truck for $capacity"
    case Bike(capacity) =>
      s"bike for $capacity"
  }
}

// ... existing code ...
