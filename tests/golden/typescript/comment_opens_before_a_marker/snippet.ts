  // ... existing code ...
  slideToClosest(speed?: number): void;

  /**
   * Counts the slides in view.
   */
  perView(): number;

  /**
  // ... existing code ...
