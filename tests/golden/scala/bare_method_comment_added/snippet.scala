  /** What is still free in this vehicle; never below zero. */
  def free(vehicle: Vehicle): Int = {
    val used = assigned.getOrElse(vehicle, Nil).map(_.load).sum
    math.max(0, vehicle.capacity - used)
  }
