import type { Reporter, TestModule } from 'vitest/node'

/** Names the tests that failed and passed when they were run again: they are to be mended as failing ones are. */
export class SecondTries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.diagnostic()?.flaky !== true) continue
        console.log(`Passed at the second try: ${module.relativeModuleId} > ${test.fullName}`)
        for (const { message } of test.result().errors ?? []) console.log(`  ${message}`)
      }
    }
  }
}
