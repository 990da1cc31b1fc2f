/** One broken rule: its name, and where and how. */
export interface Finding {
  readonly rule: string
  readonly detail: string
}

/** Collects broken rules. */
export class Findings {
  readonly list: Finding[] = []

  /** Notes the rule as broken unless it holds; returns whether it holds. */
  expect(holds: boolean, rule: string, detail: string): boolean {
    if (!holds) this.list.push({ rule, detail })
    return holds
  }

  /** One line per rule: how often it is broken, and the first place. */
  summary(): string[] {
    const byRule = new Map<string, string[]>()
    for (const { rule, detail } of this.list) byRule.set(rule, [...(byRule.get(rule) ?? []), detail])
    return [...byRule].map(([rule, details]) => `${rule} (${details.length}): ${details[0]}`)
  }
}
