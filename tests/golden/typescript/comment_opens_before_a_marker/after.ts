interface Slides {
  /**
   * How many there are.
   */
  size(): number;

  /** Moves to the closest slide. */
  slideToClosest(speed?: number): void;

  /**
   * Counts the slides in view.
   */
  perView(): number;

  /**
   * Adapts the height.
   */
  updateHeight(speed?: number): void;
}
