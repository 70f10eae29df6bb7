export * from "./basket";
export type { Item, Price } from "./item";

/**
 * What a basket costs, by currency.
 */
export type Totals = Record<string, number>;

/**
 * What a till prints.
 */
export interface Receipt {
  lines: string[];
}
