package depot.routes

import scala.collection.mutable
import scala.util.{Failure, Success, Try}

sealed trait Vehicle {
  def capacity: Int
}

case class Van(capacity: Int) extends Vehicle
case class Truck(capacity: Int, trailer: Boolean) extends Vehicle

case class Stop(name: String, load: Int)

class Planner(vehicles: List[Vehicle]) {
  private val assigned = mutable.Map.empty[Vehicle, List[Stop]]

  def assign(stop: Stop): Option[Vehicle] = {
    val found = vehicles.find(vehicle => free(vehicle) >= stop.load)
    found.foreach { vehicle =>
      assigned(vehicle) = stop :: assigned.getOrElse(vehicle, Nil)
    }
    found
  }

  def free(vehicle: Vehicle): Int = {
    val used = assigned.getOrElse(vehicle, Nil).map(_.load).sum
    vehicle.capacity - used
  }

  def describe(vehicle: Vehicle): String = vehicle match {
    case Van(capacity) =>
      s"van for $capacity"
    case Truck(capacity, true) =>
      s"truck with trailer for $capacity"
    case Truck(capacity, false) =>
      s"truck for $capacity"
  }
}

object Planner {
  def parse(line: String): Try[Stop] = Try {
    val Array(name, load) = line.split(",")
    Stop(name.trim, load.trim.toInt)
  }

  def parseAll(lines: List[String]): List[Stop] =
    lines.map(parse).flatMap {
      case Success(stop) => List(stop)
      case Failure(_) => Nil
    }
}
