interface Slides {
  /**
   * How many there are.
   */
  size(): number;

  /** Moves to the closest slide. */
  slideToClosest(speed?: number): void;

  /**
   * Adapts the height.
   */
  updateHeight(speed?: number): void;
}
