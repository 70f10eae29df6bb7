  sent: boolean;
  /**
   * True once the parcel came back.
   */
  returned: boolean;
  /**
  // ... existing code ...
