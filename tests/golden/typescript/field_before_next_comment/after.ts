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
   * True once the parcel came back.
   */
  returned: boolean;
  /**
   * When the parcel arrived, if it did.
   */
  arrived?: Date;
}
