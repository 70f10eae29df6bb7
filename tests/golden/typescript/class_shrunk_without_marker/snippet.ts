export class RuleSet {
  private readonly rules: Rule[] = [];

  add(rule: Rule): this {
    this.rules.push(rule);
    return this;
  }
}
