export interface Delivery {
  /**
   * The parcel's number.
   */
  id: string;
  /**
   * True once the parcel has left the store.
   */
  sent: boolean;
  /**
   * When the parcel arrived, if it did.
   */
  arrived?: Date;
}
