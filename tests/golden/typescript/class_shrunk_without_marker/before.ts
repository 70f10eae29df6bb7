import { readFileSync } from "node:fs";
import { Parser } from "./parser";
import { Rule } from "./rule";

export class RuleSet {
  private readonly rules: Rule[] = [];
  private frozen = false;

  static fromFile(path: string): RuleSet {
    const set = new RuleSet();
    for (const rule of new Parser(readFileSync(path, "utf8")).rules()) {
      set.add(rule);
    }
    return set;
  }

  add(rule: Rule): this {
    if (this.frozen) {
      throw new Error("the rule set is frozen");
    }
    this.rules.push(rule);
    return this;
  }

  remove(name: string): boolean {
    if (this.frozen) {
      throw new Error("the rule set is frozen");
    }
    const at = this.rules.findIndex((rule) => rule.name === name);
    if (at < 0) {
      return false;
    }
    this.rules.splice(at, 1);
    return true;
  }

  freeze(): void {
    this.frozen = true;
  }

  matches(text: string): Rule[] {
    return this.rules.filter((rule) => rule.test(text));
  }

  get size(): number {
    return this.rules.length;
  }
}
